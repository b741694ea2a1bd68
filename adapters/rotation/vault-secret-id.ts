import { access, constants, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault, isFault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { RotationPlan, RotationRef, Rotator } from '../../ports/rotation.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import type { SecretPort, SecretValues } from '../../ports/secrets.ts';
import { hasCode } from '../objects/files.ts';
import { keepSecretId } from '../secrets/vault/secret-id.ts';
import type { OwnRole } from './vault-role.ts';

interface Options {
  role: OwnRole;
  /** VAULT_SECRET_ID_FILE, which all processes of the role share. */
  secretIdFile: string | null;
  /** VAULT_SECRET_ID, which wins over the file. */
  secretId: string | null;
  secrets: SecretPort;
}

const SUBJECT = 'app';
const FIXED =
  'The secret_id is in the environment (VAULT_SECRET_ID), which only whoever runs the deployment can change: make a new one (npm run vault:init -- --secret-id), replace the variable and restart; or set VAULT_SECRET_ID_FILE instead.';
const READ_ONLY =
  'The folder of VAULT_SECRET_ID_FILE cannot be written here: whoever hands that file out replaces it, by one made with npm run vault:init -- --secret-id.';

/** What a rotation holds: the successor, and the predecessor for the way back. */
interface Held {
  version: number;
  secretId: string;
  accessor: string;
  previous: string;
  previousAccessor: string;
}

const heldFrom = (version: number, values: SecretValues): Held | null => {
  const { secretId, accessor, previous, previousAccessor } = values;
  if (!secretId || !accessor || !previous || !previousAccessor) return null;
  return { version, secretId, accessor, previous, previousAccessor };
};

const gone = () =>
  new Fault('conflict', 'The new secret_id of this rotation is gone from Vault; start the rotation again.');

/**
 * The secret_id by which the platform logs in at Vault. The successor is made by the role itself, under the rotation's id,
 * and reaches every process through the file that they share: each of them logs in anew before its token ends, which
 * is sooner than the overlap.
 */
export const vaultSecretIdRotator = ({ role, secretIdFile, secretId: fixed, secrets }: Options): Rotator => {
  const file = fixed === null ? secretIdFile : null;
  const pathOf = ({ scope, rotationId }: RotationRef) => rotationSecretPath(scope, rotationId);
  const held = async (ref: RotationRef): Promise<Held | null> => {
    const kept = await secrets.read(pathOf(ref));
    return kept && heldFrom(kept.version, kept.values);
  };
  const needed = async (ref: RotationRef): Promise<Held> => {
    const kept = await held(ref);
    if (kept === null) throw gone();
    return kept;
  };
  const theFile = (): string => {
    if (file === null) throw new Fault('unsupported', 'VAULT_SECRET_ID_FILE is not set, so nothing can be replaced.');
    return file;
  };
  const inFile = async (): Promise<string> => {
    try {
      return (await readFile(theFile(), 'utf8')).trim();
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return '';
      throw error;
    }
  };
  const replace = async (secretId: string): Promise<void> => {
    if ((await inFile()) !== secretId) await keepSecretId(theFile(), secretId);
    await role.logInAgain();
  };
  /** What earlier attempts of this rotation made and could not hold: nobody knows it. Never the one in use. */
  const sweep = async ({ rotationId }: RotationRef, except?: string): Promise<void> => {
    const made = (await role.madeFor(rotationId)).filter((accessor) => accessor !== except);
    const used = made.length > 0 ? (await role.find(await inFile()))?.accessor : undefined;
    for (const accessor of made) if (accessor !== used) await role.destroy(accessor);
  };

  const successor = async ({ rotationId }: RotationRef, given: SecretValues | null) => {
    if (given === null) return role.make(rotationId);
    const secretId = given['secretId'];
    const found = secretId ? await role.find(secretId) : null;
    if (!secretId || !found) {
      throw new Fault(
        'credential_rejected',
        'Vault knows no such secret_id of this role; make one by npm run vault:init.',
      );
    }
    return { secretId, accessor: found.accessor };
  };

  return {
    targets: async (scope) => {
      if (scope !== PLATFORM) return [];
      const used = await role.find(fixed ?? (await inFile()));
      return used ? [{ scope, secretClass: 'vault_secret_id', subject: SUBJECT, since: used.createdAt }] : [];
    },

    plan: async (): Promise<RotationPlan> => {
      const why =
        file === null
          ? FIXED
          : await access(dirname(file), constants.W_OK).then(
              () => null,
              () => READ_ONLY,
            );
      return why === null ? { by: 'platform', ask: null } : { by: null, why };
    },

    create: async (ref, given) => {
      for (;;) {
        const before = await held(ref);
        if (before && (await role.isAlive(before.accessor))) return sweep(ref, before.accessor);
        const previous = await inFile();
        const old = previous === '' ? null : await role.find(previous);
        if (old === null) {
          throw new Fault(
            'conflict',
            'The file of VAULT_SECRET_ID_FILE holds no secret_id that Vault knows; mend that first.',
          );
        }
        const { secretId, accessor } = await successor(ref, given);
        if (accessor === old.accessor)
          throw new Fault('invalid_request', 'This secret_id is the one in use; give another.');
        const values = { secretId, accessor, previous, previousAccessor: old.accessor };
        const meta = { class: 'rotation', createdBy: `rotation:${ref.rotationId}` } as const;
        try {
          await secrets.put(pathOf(ref), before?.version ?? 0, values, meta);
        } catch (error) {
          if (!isFault(error, 'stale_version')) throw error;
          // Another attempt holds its own: ours is one too many.
          if (given === null) await role.destroy(accessor);
        }
      }
    },

    verify: async (ref) => role.tryLogin((await needed(ref)).secretId),

    cutOver: async (ref) => {
      const { secretId, previous } = await needed(ref);
      const now = await inFile();
      if (now !== secretId && now !== previous) {
        throw new Fault('conflict', 'Somebody else replaced the secret_id meanwhile; theirs stays in use.');
      }
      await replace(secretId);
    },

    neededBy: async (ref) => {
      const kept = await held(ref);
      if (kept === null || (await inFile()) !== kept.previous) return null;
      return 'the file of VAULT_SECRET_ID_FILE holds the old secret_id again';
    },

    revoke: async (ref) => {
      const kept = await held(ref);
      if (kept === null) return { left: null };
      if ((await inFile()) === kept.previous) {
        throw new Fault('conflict', 'The old secret_id is in use again, so it is not destroyed.');
      }
      await role.destroy(kept.previousAccessor);
      await secrets.destroy(pathOf(ref));
      return { left: null };
    },

    rollBack: async (ref) => {
      const kept = await held(ref);
      const isInUse = kept !== null && (await inFile()) === kept.secretId;
      // Whose predecessor ended meanwhile goes on with what it has: nobody locks themselves out.
      const stays = isInUse && !(await role.isAlive(kept.previousAccessor));
      if (isInUse && !stays) await replace(kept.previous);
      if (kept !== null && !stays) await role.destroy(kept.accessor);
      await sweep(ref);
      await secrets.destroy(pathOf(ref));
    },
  };
};
