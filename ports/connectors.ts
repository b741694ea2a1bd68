import { z } from 'zod';
import type { Connection } from './connections.ts';
import type { ConnectionId, TenantId } from './ids.ts';
import type { SecretValues } from './secrets.ts';
import type { AuthMethod, ConnectorInfo, WriteSafety } from './connector-info.ts';

/**
 * One record as the platform hands it on: the connector's unified row, and under `native` the vendor's own item where that
 * was asked for. It is never stored by the platform itself.
 */
export const Row = z.looseObject({ externalId: z.string(), modifiedAt: z.string().nullable() }).meta({ id: 'Row' });
export type Row = z.infer<typeof Row>;

/** Who goes first when a vendor's budget is short. */
export const LANES = ['interactive', 'webhook', 'backfill'] as const;
export type Lane = (typeof LANES)[number];

export interface ReadQuery {
  /** Opaque to all but the connector. */
  cursor?: string | undefined;
  limit: number;
  /** Only what changed at or after this moment, ISO 8601. */
  since?: string | undefined;
  filter?: Record<string, string> | undefined;
  /** Only these fields of the row, besides `externalId` and `modifiedAt`. */
  fields?: string[] | undefined;
  /** Each row carries the vendor's own item as well. */
  native?: boolean | undefined;
  /** For people and agents. Without it the order is the one in which a scan misses nothing. */
  order?: 'newest' | undefined;
  /** `interactive` unless said. */
  lane?: Lane | undefined;
  signal?: AbortSignal | undefined;
}

/** An item of a list that does not fit the vendor's documented shape. The rest of its page is read all the same. */
export interface UnreadableItem {
  /** Null when not even that can be read: then no scan of this list is a complete one. */
  externalId: string | null;
  /** Which fields do not fit, and how; never a value. */
  reason: string;
}

export interface ReadPage {
  rows: Row[];
  unreadable: UnreadableItem[];
  /** Null proves the end: the vendor said that no page follows. */
  nextCursor: string | null;
  /** The vendor's own count of the whole list, where it gives one. */
  total: number | null;
  /** Bytes of the answers' bodies, inflated. */
  bytes: number;
  /** How often the vendor was asked, and how often it, or our budget, made us wait first. */
  calls: number;
  throttled: number;
  /** Names of the top-level fields of the vendor's items on this page, to notice that their shape changes. */
  fields: string[];
}

/** What a tested credential proved to be. */
export interface VerifiedAccount {
  accountId: string;
  accountName: string;
  /** Settings to keep with the connection, such as the site's final address. */
  settings: Record<string, string>;
}

export interface WriteReceipt {
  externalId: string;
  link: string | null;
}

/** A file that goes with a create, by reference to the object store. */
export interface UploadRef {
  objectKey: string;
  name: string;
  contentType: string;
  bytes: number;
}

/** One change of one record in a tenant's system. */
export type WriteAction =
  | { kind: 'create'; input: Record<string, unknown>; file?: UploadRef }
  | { kind: 'update'; externalId: string; input: Record<string, unknown> }
  | { kind: 'delete'; externalId: string };

/** How a vendor's host fares, as this process sees it. `open`: it is left alone; `half_open`: one call finds out. */
export const ProviderHealth = z
  .strictObject({
    host: z.string(),
    state: z.enum(['closed', 'half_open', 'open']),
    /** Failures in a row, and since when. */
    failures: z.int(),
    since: z.string(),
    /** The last failure, in words. */
    reason: z.string(),
  })
  .meta({ id: 'ProviderHealth' });
export type ProviderHealth = z.infer<typeof ProviderHealth>;

/** Where a write goes. */
export interface StreamAt {
  tenantId: TenantId;
  connectionId: ConnectionId;
  stream: string;
  /** `interactive` unless said. */
  lane?: Lane | undefined;
}

/**
 * The tenant's systems. Errors are `Fault`s: `credential_rejected` (401), `credential_forbidden` (403), `provider_down`,
 * `provider_garbage`, `provider_rate_limited` (with `retryAfterMs`), `provider_rejected` (with fields), `conflict`,
 * `not_found`, `host_refused`; `unsupported` (422) for what the system, or this connector, cannot do.
 */
export interface ConnectorPort {
  list: () => ConnectorInfo[];
  /** `unknown_connector` when there is none. */
  info: (connectorId: string) => ConnectorInfo;
  /** The method of this name, or the connector's first when none is named. `invalid_request` on `method` when there is none. */
  method: (connectorId: string, methodId?: string) => AuthMethod;
  /** Checks a method's fields one by one, without I/O; throws `invalid_request` that names each. Splits secret from public. */
  checkFields: (
    connectorId: string,
    methodId: string,
    fields: Record<string, unknown>,
  ) => { secret: SecretValues; settings: Record<string, string> };
  /** Checks what is to be written without I/O: `unsupported`, or `invalid_request` that names each field. Its safety is the answer. */
  checkWrite: (connectorId: string, stream: string, action: WriteAction) => WriteSafety;
  /** Tests a usable credential by the vendor's cheapest real call, before it is saved. */
  verify: (way: AuthWay, credential: SecretValues) => Promise<VerifiedAccount>;
  /** Tests the stored credential of a connection. */
  test: (connection: Connection) => Promise<VerifiedAccount>;
  read: (tenantId: TenantId, id: ConnectionId, stream: string, query: ReadQuery) => Promise<ReadPage>;
  readOne: (
    tenantId: TenantId,
    id: ConnectionId,
    stream: string,
    externalId: string,
    query?: Pick<ReadQuery, 'fields' | 'native' | 'lane'>,
  ) => Promise<Row>;
  /**
   * One change. `marker` is the write's own name: it makes a `keyed` write the same one again, and is what `probe` looks for.
   * `outcome_unknown` when an `unsafe` one may have happened. A delete is silent when the record is gone.
   */
  write: (at: StreamAt, action: WriteAction, marker: string) => Promise<WriteReceipt>;
  /** What an earlier attempt with this marker did, or null; of writes whose safety is `probe`. */
  probe: (at: StreamAt, action: WriteAction, marker: string) => Promise<WriteReceipt | null>;
  /** Hosts that have failed since they last answered: all of the connector's, or those that a connection's settings lead to. */
  health: (connectorId: string, connection?: Pick<Connection, 'authMethod' | 'settings'>) => ProviderHealth[];
}

/** One connection's way of authorizing: which connector, which of its methods, and its settings, none of them secret. */
export interface AuthWay {
  connectorId: string;
  methodId: string;
  settings: Record<string, string>;
}
