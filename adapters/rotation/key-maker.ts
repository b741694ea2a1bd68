import { Fault, FAULTS, isFault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { maybeDone } from '../connectors/ask.ts';
import type { KeyClient, VendorKey } from '../connectors/keys.ts';
import type { createHold, Held } from './hold.ts';

interface MakerParts {
  /** What our key is called at the vendor, where keys have names. */
  name: string;
  hold: ReturnType<typeof createHold>;
}

/**
 * Makes and unmakes one key by the vendor's API so that none is left behind (catalogue C11). Before the vendor is asked, the
 * keys that are there are written down: whatever an attempt left that died before it could keep the answer is found by its
 * name, or, where keys have none, by not being among those, and deleted, since its text was lost.
 */
export const createKeyMaker = (client: KeyClient, { name, hold }: MakerParts) => {
  const oursAmong = (keys: VendorKey[], before: string[]): VendorKey[] =>
    keys.filter((key) => (client.named ? key.name === name : !before.includes(key.id)));

  const refuseWithoutRoom = (keys: VendorKey[]): void => {
    if (client.max === undefined || keys.length < client.max) return;
    throw new Fault(
      'conflict',
      `the vendor allows ${client.max} keys at once, and all of them exist; delete one that nobody uses`,
    );
  };

  /** From here on no other attempt at this rotation can keep a key; gives the version to go on from. */
  const begin = async (predecessor: SecretValues): Promise<{ version: number; before: string[] }> => {
    const held = await hold.read();
    if (held?.notes['before'] !== undefined) {
      const version = await hold.write(held, held.version);
      const before = beforeIn(held);
      await discard(predecessor, oursAmong(await client.list(predecessor), before));
      return { version, before };
    }
    const keys = await client.list(predecessor);
    refuseWithoutRoom(keys);
    const before = keys.map(({ id }) => id);
    const notes = { before: JSON.stringify(before) };
    return { before, version: await hold.write({ predecessor, successor: null, notes }, held?.version ?? 0) };
  };
  const loser = async (error: unknown, undo: () => Promise<void>): Promise<never> => {
    if (!isFault(error, 'stale_version')) throw error;
    await undo();
    throw new Fault('unavailable', 'another attempt makes the new key now; it is asked again');
  };

  return {
    async make(predecessor: SecretValues): Promise<void> {
      if ((await hold.read())?.successor) return;
      const nothing = () => Promise.resolve();
      const { version, before } = await begin(predecessor).catch((error: unknown) => loser(error, nothing));
      const made = await client.create(predecessor, name).catch(async (error: unknown) => {
        // It surely made none. Where keys have no names, one that appears from now on is somebody else's.
        if (!client.named && !maybeDone(error))
          await hold.write({ predecessor, successor: null, notes: {} }, version).catch((late) => loser(late, nothing));
        throw error;
      });
      const settlesUntil = String(Date.now() + client.settlesMs);
      const notes = { before: JSON.stringify(before), made: made.id, settlesUntil };
      await hold
        .write({ predecessor, successor: made.values, notes }, version)
        .catch((error: unknown) => loser(error, () => client.remove(predecessor, made.id)));
    },

    /**
     * Takes the predecessor away, and whatever bears our name and is not the successor. `given`: a person made the successor,
     * maybe for another user, who then does not see the predecessor. False when it cannot be told or seen which key that is.
     */
    async revoke({ by, key, given }: { by: SecretValues; key: SecretValues; given: boolean }): Promise<boolean> {
      const [old, current] = [client.id(key), client.id(by)];
      if (old === null) return false;
      if (given && !(await client.list(by)).some(({ id }) => id === old)) return false;
      await client.remove(by, old);
      if (client.named)
        await discard(
          by,
          oursAmong(await client.list(by), []).filter(({ id }) => id !== current),
        );
      return true;
    },

    /** What this rotation made, and only that. A credential that the vendor does not take any more can undo nothing. */
    async undo(held: Held): Promise<void> {
      const { before, made } = held.notes;
      if (before === undefined) return;
      const left = async (by: SecretValues) => {
        if (made !== undefined) await client.remove(by, made);
        if (made === undefined || client.named) await discard(by, oursAmong(await client.list(by), beforeIn(held)));
      };
      await left(held.predecessor).catch((error: unknown) => {
        if (!(error instanceof Fault) || FAULTS[error.code].retry) throw error;
      });
    },
  };

  async function discard(by: SecretValues, keys: VendorKey[]): Promise<void> {
    for (const { id } of keys) await client.remove(by, id);
  }
};

const beforeIn = ({ notes }: Held): string[] => JSON.parse(notes['before'] ?? '[]') as string[];

/** A new key that is refused may be one that not all of the vendor's servers know of yet. */
export const unlessSettling =
  ({ settlesUntil = '0' }: Record<string, string>) =>
  (error: unknown): never => {
    if (!isFault(error, 'credential_rejected') || Date.now() > Number(settlesUntil)) throw error;
    const message = 'the vendor’s servers do not know the new key yet; it is asked again';
    throw new Fault('provider_down', message, { cause: error });
  };
