/** Keys by id, read from the secret store when they are needed: the current one writes, all of them read. */
export interface KeyRing {
  /** The one that writes. `unavailable` when the secret store does not answer and what is known of it is too old to go by. */
  current: () => Promise<{ kid: string; key: Uint8Array }>;
  /** Null: the deployment has no such key. One that was made a moment ago is found. */
  find: (kid: string) => Promise<Uint8Array | null>;
}
