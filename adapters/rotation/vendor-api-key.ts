import type { Connection, ConnectionState } from '../../ports/connections.ts';
import type { AuthWay } from '../../ports/connectors.ts';
import { Fault, FAULTS, isFault } from '../../ports/errors.ts';
import { ConnectionId, PLATFORM } from '../../ports/ids.ts';
import type { Scope } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import type { RotationPlan, RotationTarget, Rotator } from '../../ports/rotation.ts';
import { sameValues } from '../../ports/secrets.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { VendorKeys } from '../connectors/keys.ts';
import { cutOverBy, exchangeSecret, forgetOlder, rolledBackBy, sinceOf } from './change.ts';
import { createHold } from './hold.ts';
import { createKeyMaker, unlessSettling } from './key-maker.ts';

interface Parts extends Pick<Ports, 'connections' | 'connectors' | 'secrets'> {
  keys: VendorKeys;
}

const CONNECTED = new Set<ConnectionState>(['healthy', 'degraded', 'suspect']);
const SECRET_CLASS = 'vendor_api_key';

/** The API key of one connection: by the vendor's own API where it has one, else by a person who pastes the next one. */
export const vendorApiKey = ({ connections, connectors, secrets, keys }: Parts): Rotator => {
  const wayOf = ({ connectorId, authMethod, settings }: Connection): AuthWay & { kind: string } => {
    const { id, kind } = connectors.method(connectorId, authMethod ?? undefined);
    return { connectorId, methodId: id, settings, kind };
  };
  const isRotated = (connection: Connection) => CONNECTED.has(connection.state) && wayOf(connection).kind === 'api_key';

  const find = async ({ scope, subject }: RotationTarget): Promise<Connection | null> => {
    const id = ConnectionId.safeParse(subject);
    if (scope === PLATFORM || !id.success) return null;
    return connections.get(scope, id.data).catch((error: unknown) => {
      if (isFault(error, 'not_found')) return null;
      throw error;
    });
  };
  const existing = async (target: RotationTarget): Promise<Connection> => {
    const connection = await find(target);
    if (connection) return connection;
    throw new Fault('not_found', 'this connection is gone, and its key with it');
  };
  const connected = async (target: RotationTarget): Promise<Connection> => {
    const connection = await existing(target);
    if (isRotated(connection)) return connection;
    throw new Fault('not_connected', 'this connection is not in use with an API key now; connect it again first');
  };
  const inUse = async ({ vaultPath }: Connection): Promise<SecretValues> => {
    const current = await secrets.read(vaultPath);
    if (current) return current.values;
    throw new Fault('reauth_required', 'no credential is stored for this connection; connect it again');
  };

  /** What a person pasted, checked like the form it was first typed into. */
  const checked = (connection: Connection, given: SecretValues): SecretValues => {
    const { connectorId, methodId, settings } = wayOf(connection);
    const { fields } = connectors.method(connectorId, methodId);
    const open = fields.filter(({ name, secret }) => !secret && settings[name] !== undefined);
    const known = Object.fromEntries(open.map(({ name }) => [name, settings[name]]));
    const found = connectors.checkFields(connectorId, methodId, { ...known, ...given });
    const moved = Object.entries(found.settings).filter(([name, value]) => settings[name] !== value);
    if (moved.length === 0) return found.secret;
    const names = moved.map(([name]) => name).join(', ');
    throw new Fault(
      'conflict',
      `this key is for another place than the connection (${names}); make one in the same account`,
    );
  };

  const exchange = async (connection: Connection, from: SecretValues, to: SecretValues, createdBy: string) => {
    const { tenantId, id, vaultPath } = connection;
    const secretVersion = await exchangeSecret(secrets, vaultPath, {
      ...{ from, to, meta: { class: SECRET_CLASS, createdBy } },
      otherwise: 'somebody connected again meanwhile; the key that was given then stays in use',
    });
    await connections.change(tenantId, id, { secretVersion });
  };

  const makerOf = (connection: Connection, rotationId: string, hold: ReturnType<typeof createHold>) => {
    const client = keys.client(connection);
    return client && createKeyMaker(client, { name: `bizosaas-${rotationId}`, hold });
  };

  const pasteIn = ({ connectorId }: Connection, why: string): RotationPlan => {
    const ask = `${why}Make a new key at ${keys.where(connectorId)} with the permissions of the one in use, and paste it here. It is tested before it is used, and the old one stays valid until you delete it there.`;
    return { by: 'person', ask };
  };

  return {
    async targets(scope: Scope) {
      const all = scope === PLATFORM ? [] : await connections.list(scope);
      const found = all.filter(isRotated).map(async ({ id, vaultPath }) => {
        const since = sinceOf(await secrets.describe(vaultPath));
        return since === null ? [] : [{ scope, secretClass: SECRET_CLASS, subject: id, since } as const];
      });
      return (await Promise.all(found)).flat();
    },

    async plan(target) {
      const connection = await find(target);
      if (!connection || !isRotated(connection))
        return { by: null, why: 'This connection is not in use with an API key now; connect it again first.' };
      const client = keys.client(connection);
      if (!client) return pasteIn(connection, '');
      const key = await inUse(connection);
      try {
        const sees = async () => (await client.list(key)).some(({ id }) => id === client.id(key));
        if ((await client.mayMake(key)) && (await sees())) return { by: 'platform', ask: null };
      } catch (error) {
        if (!isFault(error, 'credential_forbidden')) throw error;
      }
      return pasteIn(connection, 'The key in use may not make its own successor. ');
    },

    async create(ref, given) {
      const connection = await connected(ref);
      const hold = createHold(secrets, ref);
      const held = await hold.read();
      const predecessor = held?.predecessor ?? (await inUse(connection));
      if (given === null) {
        const maker = makerOf(connection, ref.rotationId, hold);
        if (!maker)
          throw new Fault('unsupported', `only a person can make a key at ${keys.where(connection.connectorId)}`);
        return maker.make(predecessor);
      }
      const successor = checked(connection, given);
      if (held?.successor && sameValues(held.successor, successor)) return;
      if (sameValues(predecessor, successor))
        throw new Fault('invalid_request', 'this is the key that is in use; make a new one at the vendor');
      await hold.write({ predecessor, successor, notes: {} }, held?.version ?? 0);
    },

    async verify(ref) {
      const connection = await existing(ref);
      const { successor, notes } = await createHold(secrets, ref).whole();
      const account = await connectors.verify(wayOf(connection), successor).catch(unlessSettling(notes));
      const { accountId } = connection.settings;
      if (accountId !== undefined && accountId !== account.accountId) {
        const other = `${account.accountName} (${account.accountId})`;
        throw new Fault('conflict', `this key belongs to another account, ${other}; make one in ${accountId}`);
      }
    },

    async cutOver(ref) {
      const connection = await existing(ref);
      const { predecessor, successor } = await createHold(secrets, ref).whole();
      await exchange(connection, predecessor, successor, cutOverBy(ref.rotationId));
    },

    neededBy: async () => null,

    async revoke(ref) {
      const connection = await find(ref);
      const hold = createHold(secrets, ref);
      const held = await hold.read();
      const maker = connection && makerOf(connection, ref.rotationId, hold);
      let isGone = connection === null || maker !== null;
      if (maker && held?.successor) {
        const { successor, predecessor, notes } = held;
        // The vendor's last word is a person's matter; an outage is tried again.
        isGone = await maker
          .revoke({ by: successor, key: predecessor, given: notes['made'] === undefined })
          .catch(unlessSettling(notes))
          .catch((error: unknown) => {
            if (!(error instanceof Fault) || FAULTS[error.code].retry) throw error;
            return false;
          });
      }
      if (connection) await forgetOlder(secrets, connection.vaultPath);
      await hold.drop();
      const where = connection && keys.where(connection.connectorId);
      return { left: isGone ? null : `Delete the old key at ${where}: nothing here uses it any more.` };
    },

    async rollBack(ref) {
      const connection = await find(ref);
      const hold = createHold(secrets, ref);
      const held = await hold.read();
      if (connection && held) {
        const { predecessor, successor } = held;
        if (successor) {
          // A connection that was removed, or connected again by a person, is left as it is.
          const by = rolledBackBy(ref.rotationId);
          await exchange(connection, successor, predecessor, by).catch((error: unknown) => {
            if (!isFault(error, 'not_found', 'conflict')) throw error;
          });
        }
        await makerOf(connection, ref.rotationId, hold)?.undo(held);
      }
      await hold.drop();
    },
  };
};
