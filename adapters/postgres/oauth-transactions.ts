import { z } from 'zod';
import type { OAuthTransactionStore } from '../../ports/connections.ts';
import { ConnectionId, TenantId, UserId } from '../../ports/ids.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Transaction = z.object({
  stateHash: z.string(),
  tenantId: TenantId,
  userId: UserId,
  connectionId: ConnectionId,
  connectorId: z.string(),
  redirectUri: z.string(),
  browserHash: z.string(),
  authMethod: z.string(),
  settings: z.record(z.string(), z.string()),
  proofRef: z.string(),
  expiresAt: z.string(),
});

const columns = sql.fragment`state_hash, tenant_id, user_id, connection_id, connector_id, redirect_uri, browser_hash,
  auth_method, settings, proof_ref, expires_at`;

export const postgresOAuthTransactions = (db: Database): OAuthTransactionStore => ({
  begin: (it) =>
    db.inTenant(it.tenantId, async (tx) => {
      // Those that lapsed a day ago are of no use to anybody, not even to say “too late”.
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM oauth_transactions WHERE tenant_id = ${it.tenantId} AND expires_at < now() - interval '1 day'`);
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO oauth_transactions (${columns})
        VALUES (${it.stateHash}, ${it.tenantId}, ${it.userId}, ${it.connectionId}, ${it.connectorId}, ${it.redirectUri},
          ${it.browserHash}, ${it.authMethod}, ${sql.jsonb(it.settings)}, ${it.proofRef}, ${it.expiresAt})
        ON CONFLICT (state_hash) DO NOTHING`);
    }),

  find: (tenantId, stateHash) =>
    db.inTenant(tenantId, (tx) =>
      tx.maybeOne(sql.type(Transaction)`SELECT ${columns} FROM oauth_transactions WHERE state_hash = ${stateHash}`),
    ),
});
