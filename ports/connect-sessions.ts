import { z } from 'zod';
import { ConnectionId, TenantId } from './ids.ts';

/** A link that lets whoever has it connect systems for one tenant, without a login: one page, one claim, thirty minutes. */
export const ConnectSession = z
  .strictObject({
    id: z.uuid(),
    tenantId: TenantId,
    createdBy: z.string(),
    /** Connectors that may be picked; empty: all. */
    connectors: z.array(z.string()),
    /** Reconnect just this one; null: make or reuse the tenant's default connection. */
    connectionId: ConnectionId.nullable(),
    state: z.enum(['waiting', 'claimed', 'connected', 'expired']),
    /** What came of it: the connection made. */
    connectedId: ConnectionId.nullable(),
    expiresAt: z.iso.datetime(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'ConnectSession' });
export type ConnectSession = z.infer<typeof ConnectSession>;

/** Tokens are kept as SHA-256 hashes only. */
export interface ConnectSessionStore {
  create: (
    session: Pick<ConnectSession, 'id' | 'tenantId' | 'createdBy' | 'connectors' | 'connectionId' | 'expiresAt'>,
    linkHash: string,
  ) => Promise<ConnectSession>;
  /** The link's one use: gives the session to the holder of `tokenHash`. Null when unknown, used or expired. */
  claim: (linkHash: string, tokenHash: string) => Promise<ConnectSession | null>;
  /** The live session of a claimed token; null when unknown or expired. */
  find: (tokenHash: string) => Promise<ConnectSession | null>;
  get: (tenantId: TenantId, id: string) => Promise<ConnectSession>;
  /** Idempotent: the first outcome stays. */
  settle: (tenantId: TenantId, id: string, connectedId: ConnectionId) => Promise<void>;
}
