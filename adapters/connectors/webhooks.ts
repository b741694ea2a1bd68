/** How a vendor proves that a webhook is its own, over the bytes as they came. */
export type WebhookSignature =
  /**
   * HMAC in a header (of several names the first that is there). `signed`: what is signed, where `{body}`, `{timestamp}`,
   * `{method}` and `{url}` stand for the raw body, the value of the timestamp, the request's method and our own public URL.
   * `prefix`: comes before the value, such as `sha256=`.
   */
  | {
      scheme: 'hmac';
      header: string | string[];
      algorithm: 'sha1' | 'sha256';
      encoding: 'hex' | 'base64';
      signed: string;
      prefix?: string;
      timestamp?: { header: string; unit: 's' | 'ms' | 'iso'; toleranceS: number };
    }
  /** Stripe's: `t=…,v1=…,v1=…` in one header, HMAC-SHA256 in hex over `{t}.{body}`; any of the values may fit. */
  | { scheme: 'stripe'; header: string; toleranceS: number }
  /** No signature: the secret itself comes back, at a path of the body or in a header, and is compared in constant time. */
  | { scheme: 'echo'; at?: string; header?: string };

/**
 * What must be answered before events come. `slack`: a signed `url_verification` by POST; `meta`: `hub.challenge` by GET, where
 * the endpoint's verify token comes back; `linkedin`: `challengeCode` by GET, answered with its HMAC; `head`: any HEAD;
 * `ping`: WooCommerce's unsigned form `webhook_id=…`.
 */
export type WebhookHandshake = 'slack' | 'meta' | 'linkedin' | 'head' | 'ping';

/** Where something of an event lies: in a header (of several names the first that is there) or at a path of the event. */
export type Where = { header: string | string[] } | { at: string };

/** One event as its vendor's file reads it. `at`: ISO 8601, or a number of seconds or milliseconds. */
export interface ReadEvent {
  id?: string;
  type: string;
  at?: string | number;
  /** The vendor's id of the account that it is about. */
  account?: string;
  /** The vendor's id of the record that it is about, as the stream spells ids. */
  record?: string;
}

export interface Webhooks {
  signature: WebhookSignature;
  /** Whose secret signs: the platform's application (its client secret) or the endpoint's own, which a person may set for either. */
  secret: 'app' | 'endpoint';
  handshake?: WebhookHandshake;
  /** The event's own id, by which a second delivery is known; absent: a hash of the raw body, and the event's place in it. */
  id?: Where;
  /** Required unless `read` is there. */
  type?: Where;
  /** When it happened, for those that come out of order: ISO 8601, or a number of seconds or milliseconds. */
  at?: Where;
  /** The id of the record that it is about, as the stream spells ids; needed for `deletes`. */
  record?: Where;
  /** The same where no path holds it as the stream spells it. */
  recordOf?: (json: unknown, type: string) => string | undefined;
  /**
   * Where one URL serves every account of the platform's application: which account the event is about, and the setting of a
   * connection that holds the same value, such as `accountId`.
   */
  account?: { from: Where; setting: string };
  /** One delivery that holds several events: where they lie; empty: the body is the list. */
  many?: string;
  /** Reads the events of a body that paths cannot describe; then `id`, `type`, `at`, `record`, `account.from` and `many` are not asked. */
  read?: (json: unknown) => ReadEvent[];
  /** Event types, and the streams that each makes us read again; empty: known, and nothing to read. A trailing `*` stands for any ending. */
  events: Record<string, string[]>;
  /** Those of them that say that the record is gone from the first of their streams, which no incremental read would show. */
  deletes?: string[];
  /** Those that say that the grant was taken back: the connection finds out by a test. */
  ends?: string[];
  /** Those that a person must act on, and what the person is told, as a sentence. */
  tells?: Record<string, string>;
  /** What a person does at the vendor to have events sent here. */
  setUp: string;
}
