/** What a receipt says: ids, hashes, numbers, times. Never content, names or addresses, for a receipt is handed on. */
export type ReceiptFacts = Record<string, unknown>;

export interface ReceiptPort {
  /**
   * The facts as a JWS (compact form, EdDSA) of this deployment. `kind` becomes its `typ`, so that a receipt of one kind
   * is never taken for another: `approval` gives `approval-receipt+jwt`. The same facts give the same receipt. Throws
   * `unavailable` while the key cannot be had.
   */
  sign: (kind: string, facts: ReceiptFacts) => Promise<string>;
  /** The facts of a receipt of ours and of this kind; null for anything else. */
  read: (kind: string, receipt: string) => Promise<ReceiptFacts | null>;
  /** By which anybody verifies our receipts: a JWK Set (RFC 7517), public halves alone. */
  keys: () => Promise<{ keys: Record<string, unknown>[] }>;
}
