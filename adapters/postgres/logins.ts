import type { SecretPort, SecretValues } from '../../ports/secrets.ts';

/** Where the login in use is kept: `user` and `password`. Nothing there: the one of DATABASE_URL is in use. */
export const DATABASE_LOGIN_PATH = 'platform/database';

export interface Login {
  user: string;
  password: string;
}

export const loginOf = ({ user, password }: SecretValues): Login | null =>
  user !== undefined && password !== undefined ? { user, password } : null;

/** The login that a database's URL names; null when it carries no password. */
export const loginIn = (url: string): Login | null => {
  const { username, password } = new URL(url);
  return password === '' ? null : { user: decodeURIComponent(username), password: decodeURIComponent(password) };
};

export const urlFor = (url: string, { user, password }: Login): string => {
  const to = new URL(url);
  // The setters leave “%” as it is.
  [to.username, to.password] = [encodeURIComponent(user), encodeURIComponent(password)];
  return to.href;
};

export const isSameLogin = (one: Login | null, other: Login | null): boolean =>
  one?.user === other?.user && one?.password === other?.password;

/** Which login the pool takes. Null stands for the URL's own. */
export interface Logins {
  /** The newest known. At most a minute old while the secret store answers; an older one serves while it does not. */
  current: () => Promise<Login | null>;
  /** The database refused this one: whether `current` is another now. Throws when the secret store cannot say. */
  refused: (login: Login | null) => Promise<boolean>;
}

/** For a database whose login never changes, as the embedded one. */
export const ownLogin: Logins = { current: () => Promise.resolve(null), refused: () => Promise.resolve(false) };

const FRESH_MS = 60_000;
const READ_AGAIN_MS = 1000;

/**
 * The login that the secret store keeps, else the URL's own. The URL's also serves where the kept one is refused, so that
 * somebody who gave the database another login, or took another database, changes the URL and is done.
 */
export const keptLogins = (
  secrets: Pick<SecretPort, 'read'>,
  url: string,
  { freshMs = FRESH_MS }: { freshMs?: number } = {},
): Logins => {
  const own = loginIn(url);
  let kept: Login | null = null;
  let turnedDown: Login | null = null;
  let readAt: number | undefined;
  let reading: Promise<void> | undefined;
  const read = () =>
    (reading ??= secrets
      .read(DATABASE_LOGIN_PATH)
      .then((found) => {
        kept = found && loginOf(found.values);
      })
      .finally(() => {
        readAt = performance.now();
        reading = undefined;
      }));
  const age = () => (readAt === undefined ? Infinity : performance.now() - readAt);
  const pick = () => (isSameLogin(kept, turnedDown) ? null : kept);

  return {
    async current() {
      if (age() > freshMs) {
        const isFirst = readAt === undefined;
        // Tried again from time to time, or one refusal would keep this process on a login that a rotation leaves behind.
        turnedDown = null;
        const asked = read().catch(() => undefined);
        // Afterwards nobody waits: the login before is good for as long as anyone may still hold it.
        if (isFirst) await asked;
      }
      return pick();
    },
    async refused(login) {
      turnedDown = login;
      if (age() > READ_AGAIN_MS) await read();
      return !isSameLogin(pick() ?? own, login ?? own);
    },
  };
};
