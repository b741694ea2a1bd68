import type { AppTrouble, OAuthAppStore } from '../../ports/oauth-apps.ts';
import { OAuthApp } from '../../ports/oauth-apps.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const Row = OAuthApp.omit({ trouble: true });
const Trouble = OAuthApp.shape.trouble.unwrap().extend({ connectorId: OAuthApp.shape.connectorId });
const columns = sql.fragment`connector_id, client_id, redirect_uris, scopes, enabled, secret_version, updated_at`;

/**
 * The trouble of each app that counts most: one that lasts before one that may be tried again, and a refused client before
 * a pause. A pause that is over is none any more; a client stays broken until it is seen to work.
 */
const troubles = async (tx: Tx): Promise<Map<string, AppTrouble>> => {
  const rows = await tx.any(sql.type(Trouble)`
    SELECT DISTINCT ON (connector_id) connector_id, code, provider_code, message, since, until FROM oauth_app_troubles
    WHERE code = 'client_broken' OR until > now()
    ORDER BY connector_id, until > now() DESC, code`);
  return new Map(rows.map(({ connectorId, ...trouble }) => [connectorId, trouble]));
};

const list = async (tx: Tx): Promise<OAuthApp[]> => {
  const known = await troubles(tx);
  const rows = await tx.any(sql.type(Row)`SELECT ${columns} FROM oauth_apps ORDER BY connector_id`);
  return rows.map((row) => ({ ...row, trouble: known.get(row.connectorId) ?? null }));
};

const forget = async (tx: Tx, connectorId: string): Promise<void> => {
  await tx.query(sql.typeAlias('nothing')`DELETE FROM oauth_app_troubles WHERE connector_id = ${connectorId}`);
};

/** A pause ends when its time is over, and not because a call that was under way before it went well. */
const endPauses = async (tx: Tx, connectorId: string): Promise<void> => {
  await tx.query(sql.typeAlias('nothing')`
    DELETE FROM oauth_app_troubles
    WHERE connector_id = ${connectorId} AND code = 'provider_rate_limited' AND until <= now()`);
};

export const postgresOAuthApps = (db: Database): OAuthAppStore => ({
  list: () => db.inTenant(PLATFORM, list),

  get: (connectorId) =>
    db.inTenant(PLATFORM, async (tx) => (await list(tx)).find((app) => app.connectorId === connectorId) ?? null),

  put: ({ connectorId, clientId, redirectUris, scopes, enabled, secretVersion }) =>
    db.inTenant(PLATFORM, async (tx) => {
      await forget(tx, connectorId);
      const asked = scopes === null ? sql.fragment`NULL::text[]` : sql.array(scopes, 'text');
      const row = await tx.one(sql.type(Row)`
        INSERT INTO oauth_apps (connector_id, client_id, redirect_uris, scopes, enabled, secret_version)
        VALUES (${connectorId}, ${clientId}, ${sql.array(redirectUris, 'text')}, ${asked}, ${enabled}, ${secretVersion})
        ON CONFLICT (connector_id) DO UPDATE SET client_id = excluded.client_id, redirect_uris = excluded.redirect_uris,
          scopes = excluded.scopes, enabled = excluded.enabled, secret_version = excluded.secret_version, updated_at = now()
        RETURNING ${columns}`);
      return { ...row, trouble: null };
    }),

  remove: (connectorId) =>
    db.inTenant(PLATFORM, async (tx) => {
      await forget(tx, connectorId);
      await tx.query(sql.typeAlias('nothing')`DELETE FROM oauth_apps WHERE connector_id = ${connectorId}`);
    }),

  setTrouble: (connectorId, { code, providerCode, message, until }) =>
    db.inTenant(PLATFORM, async (tx) => {
      await endPauses(tx, connectorId);
      // Of many workers that meet the same trouble at once, the key lets one insert.
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        INSERT INTO oauth_app_troubles (connector_id, code, provider_code, message, until)
        VALUES (${connectorId}, ${code}, ${providerCode}, ${message}, ${until})
        ON CONFLICT (connector_id, code) DO NOTHING`);
      if (rowCount > 0) return { isNew: true };
      await tx.query(sql.typeAlias('nothing')`
        UPDATE oauth_app_troubles SET provider_code = ${providerCode}, message = ${message}, until = ${until}
        WHERE connector_id = ${connectorId} AND code = ${code}`);
      return { isNew: false };
    }),

  clearTrouble: (connectorId) =>
    db.inTenant(PLATFORM, async (tx) => {
      await endPauses(tx, connectorId);
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        DELETE FROM oauth_app_troubles WHERE connector_id = ${connectorId} AND code = 'client_broken'`);
      return { wasBroken: rowCount > 0 };
    }),

  trouble: (connectorId) => db.inTenant(PLATFORM, async (tx) => (await troubles(tx)).get(connectorId) ?? null),
});
