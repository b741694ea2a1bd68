import { z } from 'zod';
import { Fault, isFault } from '../../ports/errors.ts';
import type { VaultAnswer } from '../secrets/vault/answer.ts';
import type { VaultClient } from '../secrets/vault/client.ts';

/** A secret_id by what Vault tells of it. */
interface KnownSecretId {
  accessor: string;
  /** ISO 8601. */
  createdAt: string;
}

/** What the platform's own AppRole may do with its own secret_ids, and with no other role's. */
export interface OwnRole {
  /** Null when this role has no such secret_id. */
  find: (secretId: string) => Promise<KnownSecretId | null>;
  /** Makes one that carries the rotation's id. */
  make: (rotationId: string) => Promise<{ secretId: string; accessor: string }>;
  /** Accessors of those that carry the rotation's id. */
  madeFor: (rotationId: string) => Promise<string[]>;
  isAlive: (accessor: string) => Promise<boolean>;
  /** Silent when gone. */
  destroy: (accessor: string) => Promise<void>;
  /** A real login, whose token is given back at once. Throws `credential_rejected` when Vault refuses it. */
  tryLogin: (secretId: string) => Promise<void>;
  /** This process logs in with what the file holds now. */
  logInAgain: () => Promise<void>;
}

const Known = z.object({
  secret_id_accessor: z.string(),
  creation_time: z.string(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
const Made = z.object({ secret_id: z.string(), secret_id_accessor: z.string() });

const parse = <Shape extends z.ZodType>(shape: Shape, { data }: VaultAnswer): z.output<Shape> => {
  const parsed = shape.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new Fault('unavailable', 'Vault answers AppRole in a form that this version does not know; check its version.');
};

export const ownRole = ({ request, login }: Pick<VaultClient, 'request' | 'login'>): OwnRole => {
  const at = async (part: string) => `auth/${login.appRoleMount}/role/${await login.roleName()}/${part}`;
  const lookUp = async (accessor: string) => {
    const answer = await request('POST', await at('secret-id-accessor/lookup'), { secret_id_accessor: accessor }, GONE);
    return isThere(answer) ? parse(Known, answer) : null;
  };

  return {
    async find(secretId) {
      if (secretId === '') return null;
      const answer = await request('POST', await at('secret-id/lookup'), { secret_id: secretId }, GONE);
      if (!isThere(answer)) return null;
      const { secret_id_accessor: accessor, creation_time: createdAt } = parse(Known, answer);
      return { accessor, createdAt: new Date(createdAt).toISOString() };
    },

    async make(rotationId) {
      const metadata = JSON.stringify({ rotation_id: rotationId });
      const made = parse(Made, await request('POST', await at('secret-id'), { metadata }));
      return { secretId: made.secret_id, accessor: made.secret_id_accessor };
    },

    async madeFor(rotationId) {
      const answer = await request('LIST', await at('secret-id'), undefined, GONE);
      const accessors = z.array(z.string()).catch([]).parse(answer.data?.['keys']);
      const known = await Promise.all(accessors.map(lookUp));
      return known
        .filter((found) => found?.metadata?.['rotation_id'] === rotationId)
        .map((found) => found?.secret_id_accessor ?? '');
    },

    isAlive: async (accessor) => (await lookUp(accessor)) !== null,

    async destroy(accessor) {
      // Asked first: of one that is gone Vault says 500, as of a fault of its own.
      if ((await lookUp(accessor)) === null) return;
      const accept = ({ errors }: VaultAnswer) => errors.some((error) => UNKNOWN.test(error));
      await request('POST', await at('secret-id-accessor/destroy'), { secret_id_accessor: accessor }, { accept });
    },

    async tryLogin(secretId) {
      await login.tryLogin(secretId).catch((error: unknown) => {
        if (!isFault(error, 'secrets_denied')) throw error;
        throw new Fault('credential_rejected', 'Vault refuses a login with the new secret_id.');
      });
    },
    logInAgain: login.relogin,
  };
};

const UNKNOWN = /failed to find accessor entry/;
/** Vault says 404 of what is asked after and not there. */
const GONE = { accept: ({ status }: VaultAnswer) => status === 404 };
const isThere = ({ status, data }: VaultAnswer) => status !== 404 && data !== undefined && data !== null;
