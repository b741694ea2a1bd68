import type { Connection } from '../ports/connections.ts';
import type { AuthWay } from '../ports/connectors.ts';
import type { TokenSet } from '../ports/oauth.ts';
import { Fault, isFault } from '../ports/errors.ts';
import type { FaultCode } from '../ports/errors.ts';
import type { Ports } from '../ports/index.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import type { SecretVersion } from '../ports/secrets.ts';
import { createBreaker } from './breaker.ts';
import { missingOf, wayOf } from './connections.ts';
import type { ConnectionRef } from './connections.ts';
import { createUnstored } from './unstored.ts';

/** How long an attempt may ask: one that is not heard of for as long is over, by its heartbeat in `workflows/lib/activities.ts`. */
const LEASE_MS = 30_000;
/** The longest that one call to a vendor takes. */
const CALL_MS = 20_000;

/** What nobody can have acted upon: the vendor said so, or was never reached. */
const NOT_PROCESSED = new Set<FaultCode>(['provider_down', 'provider_rate_limited', 'client_broken', 'host_refused']);
const REFUSED = new Set<FaultCode>(['grant_revoked', 'credential_rejected']);

type Settle = (outcome: 'refused' | 'not_sent') => Promise<void>;

export interface Refreshed {
  version: number;
  expiresAt: string | null;
  missingScopes: string[];
}

type Needs = Pick<Ports, 'connections' | 'connectors' | 'oauth' | 'oauthApps' | 'secrets'>;

const staleAsNull = (error: unknown): null => {
  if (isFault(error, 'stale_version')) return null;
  throw error;
};

export const createTokenActivities = (ports: Needs) => {
  const { connections, oauth, secrets } = ports;
  const breaker = createBreaker(ports);
  const unstored = createUnstored(secrets);

  const openConnection = async ({ tenantId, connectionId }: ConnectionRef): Promise<Connection> => {
    const connection = await connections.get(tenantId, connectionId);
    if (connection.state === 'disconnecting' || connection.state === 'disconnected')
      throw new Fault('not_found', 'this connection was disconnected');
    return connection;
  };

  /** The end of the generation `old`. Whose row went away meanwhile leaves no secret behind. */
  const renewed = async (connection: Connection, way: AuthWay, old: number, version: number, tokens: TokenSet) => {
    const { tenantId, id, vaultPath } = connection;
    const scopes = tokens.scopes ?? connection.scopes;
    await connections.settleRefresh(tenantId, id, old, 'refreshed', {
      secretVersion: version,
      tokenExpiresAt: tokens.expiresAt,
      scopes,
      settings: { ...connection.settings, ...tokens.settings },
    });
    try {
      await connections.get(tenantId, id);
    } catch (error) {
      if (isFault(error, 'not_found')) await secrets.destroy(vaultPath);
      throw error;
    }
    return { version, expiresAt: tokens.expiresAt, missingScopes: await missingOf(ports, way, scopes) };
  };

  /** A newer version is the answer, whoever made it: an attempt that died before it could say so, or a person. */
  const adopt = (connection: Connection, way: AuthWay, { version, values }: SecretVersion): Promise<Refreshed> =>
    renewed(connection, way, version - 1, version, {
      values,
      expiresAt: values['expiresAt'] || null,
      settings: {},
      scopes: null,
    });

  /**
   * One call to the token endpoint. When its answer may have been lost the same token is tried once more at once; a vendor
   * that refuses it then has most likely given a new one, which nobody has (DESIGN §5). Says what is sure of its end.
   */
  const ask = async (
    way: AuthWay,
    current: SecretVersion,
    { unsettled, hasTime, settle }: { unsettled: boolean; hasTime: () => boolean; settle: Settle },
  ): Promise<TokenSet> => {
    let mayBeLost = unsettled;
    for (;;) {
      try {
        return await oauth.renew(way, current.values);
      } catch (error) {
        const code = error instanceof Fault ? error.code : 'internal';
        if (code === 'lost_response' && !mayBeLost && hasTime()) {
          mayBeLost = true;
          continue;
        }
        if (code === 'lost_response')
          throw new Fault('provider_down', 'the answer to a refresh was lost; the vendor is asked again', {
            cause: error,
          });
        if (REFUSED.has(code)) await settle('refused');
        else if (NOT_PROCESSED.has(code) && !mayBeLost) await settle('not_sent');
        if (!REFUSED.has(code) || !mayBeLost) throw error;
        throw new Fault(
          'lost_response',
          'the answer to the last refresh was lost, and the vendor no longer takes the old token; connect again',
          { cause: error, providerCode: error instanceof Fault ? error.providerCode : null },
        );
      }
    }
  };

  /** Asks the vendor, with the intent to do so written before and the outcome after it, unless that is an answer. */
  const renew = async ({ tenantId, id }: Connection, way: AuthWay, current: SecretVersion, until: number) => {
    await breaker.refuseWhileTroubled(way);
    const hasTime = () => Date.now() + CALL_MS < until;
    // An attempt that outlives its lease would ask beside its successor, which a vendor takes for theft.
    if (!hasTime()) throw new Fault('unavailable', 'our own stores were too slow for a refresh; it is tried again');
    const { unsettled } = await connections.beginRefresh(tenantId, id, current.version);
    const settle: Settle = (outcome) => connections.settleRefresh(tenantId, id, current.version, outcome);
    return ask(way, current, { unsettled, hasTime, settle }).catch(async (error: unknown) => {
      throw await breaker.trip(way, error);
    });
  };

  return {
    /** One call to the provider for the generation `observedVersion`; a newer one that is already stored is the answer. */
    refreshToken: async (ref: ConnectionRef, connectorId: string, observedVersion: number): Promise<Refreshed> => {
      const until = Date.now() + LEASE_MS;
      const { tenantId, connectionId } = ref;
      const path = connectionSecretPath(tenantId, connectionId);
      const connection = await openConnection(ref);
      const current = await secrets.read(path);
      if (!current) throw new Fault('grant_revoked', 'no token is stored; connect again');
      const way = wayOf(ports, connection);
      if (current.version > observedVersion) return adopt(connection, way, current);
      if (!oauth.renews(way, current.values)) throw new Fault('unsupported', 'this credential is never renewed');

      const meta = { class: 'oauth_tokens', createdBy: `connection:${connectionId}` } as const;
      const tokens = unstored.of(path, current.version) ?? (await renew(connection, way, current, until));
      const version = await unstored.store(path, current.version, tokens, meta).catch(staleAsNull);
      await breaker.reset(way);
      if (version !== null) return renewed(connection, way, current.version, version, tokens);
      // Somebody stored a newer one meanwhile, or all was destroyed: ours is thrown away.
      const newest = await secrets.read(path);
      if (newest && newest.version > current.version) return adopt(connection, way, newest);
      throw new Fault('not_found', `${connectorId} was disconnected during the refresh`);
    },
  };
};
