import { z } from 'zod';
import type { ConnectionChange } from '../../ports/connections.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import { changeConnection, goneConnection } from './connection-changes.ts';
import type { Tx } from './pool.ts';
import { sql } from './sql.ts';

const Intent = z.object({ generation: z.number(), state: z.string() });

/** Of two at once the second sees what the first did: both hold the connection's row, and take it first. */
const hold = (tx: Tx, id: ConnectionId) =>
  tx.maybeOne(sql.typeAlias('id')`SELECT id FROM connector_configs WHERE id = ${id} FOR UPDATE`);

export const beginRefresh = async (
  tx: Tx,
  tenantId: TenantId,
  id: ConnectionId,
  generation: number,
): Promise<{ unsettled: boolean }> => {
  if (!(await hold(tx, id))) throw goneConnection(id);
  const last = await tx.maybeOne(sql.type(Intent)`
    SELECT generation, state FROM token_refreshes WHERE connection_id = ${id}`);
  await tx.query(sql.typeAlias('nothing')`
    INSERT INTO token_refreshes (tenant_id, connection_id, generation, state, asked_at)
    VALUES (${tenantId}, ${id}, ${generation}, 'begun', now())
    ON CONFLICT (tenant_id, connection_id) DO UPDATE SET
      generation = excluded.generation, state = 'begun', asked_at = excluded.asked_at, settled_at = NULL`);
  return { unsettled: last?.generation === generation && last.state === 'begun' };
};

/** What follows is changed by the one who settles: a repeated call finds nothing to settle and changes nothing. */
export const settleRefresh = async (
  tx: Tx,
  id: ConnectionId,
  generation: number,
  outcome: 'refreshed' | 'refused' | 'not_sent',
  change?: ConnectionChange,
): Promise<void> => {
  await hold(tx, id);
  const { rowCount } = await tx.query(sql.typeAlias('nothing')`
    UPDATE token_refreshes SET state = ${outcome}, settled_at = now()
    WHERE connection_id = ${id} AND generation = ${generation} AND state = 'begun'`);
  if (rowCount > 0 && change) await changeConnection(tx, id, change);
};
