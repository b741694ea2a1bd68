import type { Connection } from '../../ports/connections.ts';
import { Fault } from '../../ports/errors.ts';
import type { Ports } from '../../ports/index.ts';
import type { SecretValues, SecretVersion } from '../../ports/secrets.ts';

/** A token that lapses within this time is renewed first: the call itself takes a while, and clocks differ. */
const MARGIN_MS = 60_000;
const BROKEN = new Set<Connection['state']>(['reauth_required', 'disconnecting', 'disconnected', 'pending']);

export interface Credentials {
  /**
   * Runs `act` with the connection's credential. A token that is stale, or that the vendor no longer takes, is renewed by the
   * connection's workflow once, and `act` runs once more; a second refusal stands.
   */
  use: <Result>(
    connection: Connection,
    renewable: boolean,
    act: (secret: SecretValues) => Promise<Result>,
  ) => Promise<Result>;
  /** What is stored, whatever state the connection is in: to find out whether it works. */
  stored: (connection: Connection) => Promise<SecretValues>;
}

export function createCredentials({ secrets, workflows }: Pick<Ports, 'secrets' | 'workflows'>): Credentials {
  const held = async ({ vaultPath }: Connection): Promise<SecretVersion> => {
    const version = await secrets.read(vaultPath);
    if (!version) throw new Fault('reauth_required', 'no credential is stored for this connection; connect it again');
    return version;
  };

  const renewed = async (connection: Connection, old: SecretVersion): Promise<SecretVersion> => {
    await workflows.refreshToken(connection.tenantId, connection.id, old.version);
    const fresh = await held(connection);
    if (fresh.version <= old.version)
      throw new Fault('reauth_required', 'the token was not renewed; connect this connection again');
    return fresh;
  };

  return {
    stored: async (connection) => (await held(connection)).values,
    async use(connection, renewable, act) {
      if (BROKEN.has(connection.state)) {
        throw new Fault(
          'reauth_required',
          connection.reason?.message ?? 'this connection is not connected; connect it again',
        );
      }
      if (connection.state === 'disabled') throw new Fault('not_connected', 'this connection is switched off');
      const first = await held(connection);
      if (!renewable) return act(first.values);
      const stale = lapsesInMs(first.values) < MARGIN_MS;
      const current = stale ? await renewed(connection, first).catch(goOn(first)) : first;
      try {
        return await act(current.values);
      } catch (error) {
        const refused = error instanceof Fault && error.code === 'credential_rejected';
        if (!refused || current.version > first.version) throw error;
        return act((await renewed(connection, first)).values);
      }
    },
  };
}

/** When nobody can renew now, a token that has some seconds left is still good for them. */
const goOn =
  (old: SecretVersion) =>
  (error: unknown): SecretVersion => {
    if (error instanceof Fault && error.code === 'unavailable' && lapsesInMs(old.values) > 0) return old;
    throw error;
  };

function lapsesInMs({ expiresAt }: SecretValues): number {
  const at = Date.parse(expiresAt ?? '');
  return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at - Date.now();
}
