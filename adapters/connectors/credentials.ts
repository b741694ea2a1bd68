import type { Connection } from '../../ports/connections.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import type { FaultCode } from '../../ports/errors.ts';
import type { Ports } from '../../ports/index.ts';
import type { SecretValues, SecretVersion } from '../../ports/secrets.ts';

/** A token that lapses within this time is renewed first: the call itself takes a while. */
const MARGIN_MS = 60_000;
/** Nobody can renew at the moment; the token itself may be good. */
const FOR_NOW = new Set<FaultCode>([
  'unavailable',
  'provider_down',
  'provider_rate_limited',
  'provider_garbage',
  'client_broken',
  'lost_response',
]);
const BROKEN = new Set<Connection['state']>(['reauth_required', 'disconnecting', 'disconnected', 'pending']);

export interface Credentials {
  /**
   * Runs `act` with the connection's credential. A token that is stale, or that the vendor no longer takes, is renewed by the
   * connection's workflow once, and `act` runs once more; a second refusal stands. Only the vendor's word ends a token, never
   * our clock: while nobody can renew a stale one, it is used as it is.
   */
  use: <Result>(
    connection: Connection,
    renewable: (secret: SecretValues) => boolean,
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
      throw new Fault('unavailable', 'the token was not renewed yet; try again shortly');
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
      if (!renewable(first.values)) return act(first.values);
      const stale = lapsesInMs(first.values) < MARGIN_MS;
      let failure: Fault | undefined;
      const current = stale
        ? await renewed(connection, first).catch((error: unknown) => {
            if (!(error instanceof Fault && FOR_NOW.has(error.code))) throw error;
            failure = error;
            return first;
          })
        : first;
      try {
        return await act(current.values);
      } catch (error) {
        const refused = isFault(error, 'credential_rejected');
        if (refused && failure) throw failure;
        if (!refused || current.version > first.version) throw error;
        return act((await renewed(connection, first)).values);
      }
    },
  };
}

function lapsesInMs({ expiresAt }: SecretValues): number {
  const at = Date.parse(expiresAt ?? '');
  return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at - Date.now();
}
