import type { DatabasePool } from 'slonik';
import { createPool } from 'slonik';
import { Fault } from '../../ports/errors.ts';
import type { Login } from './logins.ts';
import { isSameLogin, urlFor } from './logins.ts';
import { interceptors, typeParsers } from './rows.ts';

/** Long enough for a connection over the internet, short enough to be told in time. */
const CONNECT_MS = 1500;

const connect = async (url: string, max: number): Promise<DatabasePool> => {
  const pool = await createPool(url, {
    maximumPoolSize: max,
    connectionTimeout: CONNECT_MS,
    // Retries are ours: whole transactions, on another connection.
    connectionRetryLimit: 0,
    transactionRetryLimit: 0,
    queryRetryLimit: 0,
    idleTimeout: 60_000,
    captureStackTrace: false,
    tracing: false,
    // All settings are local to a transaction, so there is nothing to discard. (On PGlite it would discard for all.)
    resetConnection: () => Promise.resolve(),
    typeParsers,
    interceptors,
  });
  // Slonik emits each failed query as an event too, and the emitter throws its own error when nobody listens.
  pool.on('error', () => undefined);
  return pool;
};

interface Held {
  login: Login | null;
  opened: Promise<DatabasePool>;
  users: number;
  /** Those who wait for a connection. When one cannot be made, all are told: none queues behind another's timeout. */
  waiting: Set<(error: unknown) => void>;
}

/** Work on a pool. It calls `arrive` once it has its connection, and stops there when that says false. */
export type Work<Result> = (pool: DatabasePool, arrive: () => boolean) => Promise<Result>;

export interface LoginPools {
  /** One attempt. `connected` is called once a connection is there. */
  attempt: <Result>(login: Login | null, work: Work<Result>, connected: () => void) => Promise<Result>;
  close: () => Promise<void>;
}

/**
 * The pool of the login in use, opened lazily and again after a failure. When the login changes, a new pool takes what
 * begins from then on; the one before goes on with what it has, and is closed when the last of that is done.
 */
export const openLoginPools = (url: string, max: number): LoginPools => {
  const all = new Set<Held>();
  let newest: Held | undefined;
  let isClosed = false;

  const end = async (held: Held) => {
    all.delete(held);
    if (newest === held) newest = undefined;
    await held.opened.then(
      (pool) => pool.end(),
      () => undefined,
    );
  };
  const endUnused = (held: Held) => {
    if (held !== newest && held.users === 0 && all.has(held)) void end(held);
  };

  const poolOf = (login: Login | null): Held => {
    if (isClosed) throw new Fault('unavailable', 'The database connection of this process is closed.');
    if (newest && isSameLogin(newest.login, login)) return newest;
    const before = newest;
    const opened = connect(login ? urlFor(url, login) : url, max);
    const held: Held = { login, opened, users: 0, waiting: new Set() };
    opened.catch(() => void end(held));
    all.add((newest = held));
    if (before) endUnused(before);
    return held;
  };

  return {
    async attempt(login, work, connected) {
      const held = poolOf(login);
      const { promise: refused, reject: refuse } = Promise.withResolvers<never>();
      held.waiting.add(refuse);
      held.users += 1;
      const arrive = () => {
        connected();
        return held.waiting.delete(refuse);
      };
      const done = held.opened
        .then((pool) => work(pool, arrive))
        .catch((error: unknown) => {
          if (held.waiting.has(refuse)) {
            held.waiting.forEach((each) => each(error));
            held.waiting.clear();
          }
          throw error;
        })
        .finally(() => {
          held.users -= 1;
          endUnused(held);
        });
      return Promise.race([done, refused]);
    },
    async close() {
      isClosed = true;
      await Promise.all([...all].map(end));
    },
  };
};
