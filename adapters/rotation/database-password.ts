import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Fault, isFault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { RotationPlan, RotationRef, Rotator } from '../../ports/rotation.ts';
import type { SecretPort, SecretValues } from '../../ports/secrets.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import { hasSqlState, isLoginRefused } from '../postgres/faults.ts';
import type { LoginRoles } from '../postgres/login-roles.ts';
import type { Login } from '../postgres/logins.ts';
import { DATABASE_LOGIN_PATH, isSameLogin, loginIn, loginOf, urlFor } from '../postgres/logins.ts';
import { openPostgres } from '../postgres/pool.ts';
import { forgetOlder } from './change.ts';

interface DatabasePasswordOptions {
  secrets: SecretPort;
  /** The product's own; its login is taken into the secret store at first. */
  url: string;
  /** Null: nobody told us of a login that may create others. */
  roles: LoginRoles | null;
}

const Given = z.object({ user: z.string().min(1), password: z.string().min(1) });

/** What a rotation holds: both logins, and who made the new one. */
interface Pair {
  before: Login;
  after: Login;
  isOurs: boolean;
}

const pairOf = ({ user = '', password = '', userBefore = '', passwordBefore = '', by }: SecretValues): Pair => ({
  before: { user: userBefore, password: passwordBefore },
  after: { user, password },
  isOurs: by === 'platform',
});
const valuesOf = ({ before, after, isOurs }: Pair): SecretValues => ({
  ...after,
  ...{ userBefore: before.user, passwordBefore: before.password, by: isOurs ? 'platform' : 'person' },
});

/** Compare-and-set where another writer being faster is no failure: what stands there then is looked at again. */
const unlessFaster = (error: unknown): void => {
  if (!isFault(error, 'stale_version')) throw error;
};

/**
 * A PostgreSQL role has one password, so two logins take turns, and both are accepted meanwhile: the successor is a new
 * login in the role of the product; processes take it for what begins from then on; the one before is dropped at the end.
 */
export const databasePassword = ({ secrets, url, roles }: DatabasePasswordOptions): Rotator => {
  const why =
    roles === null
      ? 'Only a database with a login of its own for the administrator has logins to rotate: set DATABASE_ADMIN_URL.'
      : loginIn(url) === null
        ? 'The product logs in to its database without a password: DATABASE_URL has none.'
        : null;
  const admin = (): LoginRoles => {
    if (roles === null || why !== null) throw new Fault('unsupported', why ?? '');
    return roles;
  };
  const pathOf = ({ scope, rotationId }: RotationRef) => rotationSecretPath(scope, rotationId);
  const mark = ({ rotationId }: RotationRef) => `bizosaas rotation ${rotationId}`;

  const held = async (ref: RotationRef): Promise<Pair | null> => {
    const found = await secrets.read(pathOf(ref));
    return found && pairOf(found.values);
  };
  const pair = async (ref: RotationRef): Promise<Pair> => {
    const found = await held(ref);
    if (found === null) throw new Fault('conflict', 'This rotation of the database login has ended; begin another.');
    return found;
  };

  /** The login in use and since when; the one of DATABASE_URL is taken into the secret store when there is none. */
  const adopted = async (): Promise<{ login: Login; version: number; since: string }> => {
    const found = await secrets.read(DATABASE_LOGIN_PATH);
    const login = found && loginOf(found.values);
    if (found && login) return { login, version: found.version, since: found.meta.createdAt };
    const own = loginIn(url);
    if (own === null) throw new Fault('unsupported', why ?? '');
    const newest = (await secrets.describe(DATABASE_LOGIN_PATH))?.versions[0]?.version ?? 0;
    const meta = { class: 'database_password', createdBy: PLATFORM } as const;
    await secrets.put(DATABASE_LOGIN_PATH, newest, { ...own }, meta).catch(unlessFaster);
    return adopted();
  };

  /** From one login of the pair to the other. Silent when done; `conflict` when a third is in use. */
  const change = async (ref: RotationRef, from: Login, to: Login): Promise<void> => {
    const { login, version } = await adopted();
    if (isSameLogin(login, to)) return;
    if (!isSameLogin(login, from))
      throw new Fault('conflict', `Somebody else changed the secret ${DATABASE_LOGIN_PATH} meanwhile; begin again.`);
    const meta = { class: 'database_password', createdBy: ref.rotationId } as const;
    await secrets.put(DATABASE_LOGIN_PATH, version, { ...to }, meta).catch(unlessFaster);
    await change(ref, from, to);
  };

  return {
    async targets(scope) {
      if (scope !== PLATFORM || why !== null) return [];
      return [{ scope, secretClass: 'database_password', subject: 'app', since: (await adopted()).since }];
    },

    plan: (): Promise<RotationPlan> =>
      Promise.resolve(why === null ? { by: 'platform', ask: null } : { by: null, why }),

    async create(ref, given) {
      const logins = admin();
      const parsed = given === null ? null : Given.safeParse(given);
      if (parsed?.success === false)
        throw new Fault('invalid_request', 'A database login is a user and a password; send both.');
      if ((await held(ref)) === null) {
        const { login: before } = await adopted();
        const made = async () => ({
          user: await logins.nextName(before.user),
          password: randomBytes(32).toString('base64url'),
        });
        const fresh: Pair = { before, after: parsed?.data ?? (await made()), isOurs: parsed === null };
        // Kept before it is made, so that whoever comes after a crash knows its name.
        const meta = { class: 'rotation', createdBy: ref.rotationId } as const;
        await secrets.put(pathOf(ref), 0, valuesOf(fresh), meta).catch(unlessFaster);
      }
      const { after, isOurs } = await pair(ref);
      if (isOurs) await logins.create(after, mark(ref));
    },

    async verify(ref) {
      const { after } = await pair(ref);
      const db = openPostgres(urlFor(url, after), { max: 1 });
      try {
        await db.health();
      } catch (error) {
        if (isLoginRefused(error))
          throw new Fault('credential_rejected', `The database refuses the login “${after.user}”; correct it.`);
        if (hasSqlState(error, '42501'))
          throw new Fault(
            'credential_forbidden',
            `The database login “${after.user}” may not do the product’s work; GRANT bizosaas_app to it.`,
          );
        throw error;
      } finally {
        await db.close();
      }
    },

    async cutOver(ref) {
      const { before, after } = await pair(ref);
      await change(ref, before, after);
    },

    async neededBy(ref) {
      const found = await held(ref);
      if (found === null || found.before.user === found.after.user) return null;
      if ((await adopted()).login.user === found.before.user)
        return `The secret ${DATABASE_LOGIN_PATH} names the database login “${found.before.user}” again.`;
      return admin().inUse(found.before.user);
    },

    async revoke(ref) {
      const found = await held(ref);
      if (found === null) return { left: null };
      const { before, after } = found;
      const { login } = await adopted();
      if (login.user === before.user && before.user !== after.user)
        throw new Fault('conflict', `The database login “${before.user}” is in use again; nothing was revoked.`);
      const left = before.user === after.user ? null : await admin().retire(before.user);
      // Passwords of logins that are gone are not kept.
      await forgetOlder(secrets, DATABASE_LOGIN_PATH);
      await secrets.destroy(pathOf(ref));
      return { left };
    },

    async rollBack(ref) {
      const found = await held(ref);
      if (found === null) return;
      const { before, after, isOurs } = found;
      if (isSameLogin((await adopted()).login, after)) await change(ref, after, before);
      if (isOurs) await admin().retire(after.user);
      await secrets.destroy(pathOf(ref));
    },
  };
};
