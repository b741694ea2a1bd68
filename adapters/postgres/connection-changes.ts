import { z } from 'zod';
import type { ConnectionChange } from '../../ports/connections.ts';
import { Connection, ConnectionState } from '../../ports/connections.ts';
import { Fault } from '../../ports/errors.ts';
import type { ConnectionId } from '../../ports/ids.ts';
import type { Tx } from './pool.ts';
import { sql } from './sql.ts';

export const connectionColumns = sql.fragment`id, tenant_id, connector_id, auth_method, scopes, vault_path, state, reason,
  settings, sync, is_active, secret_version, token_expires_at, last_sync_at, sync_status, created_at, updated_at`;

export const goneConnection = (id: string) => new Fault('not_found', `There is no connection ${id}.`);

const Before = z.object({ state: ConnectionState });

const textArray = (items: string[] | null) => (items === null ? sql.fragment`NULL` : sql.array(items, 'text'));

const assignments = (change: ConnectionChange) => {
  const set = [sql.fragment`updated_at = now()`];
  if (change.state !== undefined) set.push(sql.fragment`state = ${change.state}`);
  if (change.authMethod !== undefined) set.push(sql.fragment`auth_method = ${change.authMethod}`);
  if (change.scopes !== undefined) set.push(sql.fragment`scopes = ${textArray(change.scopes)}`);
  if (change.reason !== undefined) {
    set.push(change.reason === null ? sql.fragment`reason = NULL` : sql.fragment`reason = ${sql.jsonb(change.reason)}`);
  }
  if (change.settings !== undefined) set.push(sql.fragment`settings = ${sql.jsonb(change.settings)}`);
  if (change.sync !== undefined) set.push(sql.fragment`sync = ${sql.jsonb(change.sync)}`);
  if (change.secretVersion !== undefined) set.push(sql.fragment`secret_version = ${change.secretVersion}`);
  if (change.tokenExpiresAt !== undefined) set.push(sql.fragment`token_expires_at = ${change.tokenExpiresAt}`);
  if (change.lastSyncAt !== undefined) set.push(sql.fragment`last_sync_at = ${change.lastSyncAt}`);
  if (change.syncStatus !== undefined) set.push(sql.fragment`sync_status = ${change.syncStatus}`);
  return sql.join(set, sql.fragment`, `);
};

/** Changes the connection and, when its state becomes another, keeps that as an event: both or neither. */
export const changeConnection = async (tx: Tx, id: ConnectionId, change: ConnectionChange) => {
  // Locked, so that of two changes at once the second tells what the first made of it.
  const before = await tx.maybeOne(sql.type(Before)`SELECT state FROM connector_configs WHERE id = ${id} FOR UPDATE`);
  if (!before) throw goneConnection(id);
  const after = await tx.one(sql.type(Connection)`
    UPDATE connector_configs SET ${assignments(change)} WHERE id = ${id} RETURNING ${connectionColumns}`);
  if (after.state !== before.state) {
    await tx.query(sql.typeAlias('nothing')`
      INSERT INTO connection_events (tenant_id, connection_id, from_state, to_state, reason)
      SELECT tenant_id, id, ${before.state}, state, reason FROM connector_configs WHERE id = ${id}`);
  }
  return after;
};
