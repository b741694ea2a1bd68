import type { DatabasePool } from 'slonik';
import { createPool } from 'slonik';
import type { z } from 'zod';
import type { Scope } from '../../ports/ids.ts';
import { Fault } from '../../ports/errors.ts';
import { asFault, isTransient } from './faults.ts';
import { interceptors, typeParsers } from './rows.ts';
import { sql } from './sql.ts';
import type { Tx } from './transact.ts';
import { call, functionCall, refuseNested, transact } from './transact.ts';

export type { Tx } from './transact.ts';

export interface Database {
  /**
   * The only door to the database: one transaction as `bizosaas_app`, which sees the rows of this scope and no others.
   * It is run again as a whole when the database gave it up, so `fn` touches nothing but `tx`. No second `inTenant`
   * inside: it would wait for a connection for ever on a pool of one.
   */
  inTenant: <Result>(scope: Scope, fn: (tx: Tx) => Promise<Result>) => Promise<Result>;
  /**
   * One call of a function of ours that steps down by itself: a transaction in one round trip, for what stands before every
   * start. Each row is checked by the schema.
   */
  call: <Row extends z.ZodType>(row: Row, name: string, args: (string | null)[]) => Promise<readonly z.output<Row>[]>;
  /** Throws `unavailable` within two seconds when the database does not answer or is not migrated. */
  health: () => Promise<void>;
  close: () => Promise<void>;
}

const ATTEMPTS = 3;
const CONNECT_MS = 1500;
const HEALTH_MS = 1900;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

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

/**
 * Opens lazily and again after a failure, so that a process may start before its database, and outlive a restart of it.
 */
export const openPostgres = (url: string, { max = 10 }: { max?: number } = {}): Database => {
  let opened: Promise<DatabasePool> | undefined;
  const pool = () =>
    (opened ??= connect(url, max).catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));

  /** Those who wait for a connection. When one cannot be made, all are told: none queues behind another's timeout. */
  const waiting = new Set<(error: unknown) => void>();
  const attempt = async <Result>(
    work: (open: DatabasePool, arrive: () => boolean) => Promise<Result>,
    connected: () => void,
  ) => {
    const { promise: refused, reject: refuse } = Promise.withResolvers<never>();
    waiting.add(refuse);
    const arrive = () => {
      connected();
      return waiting.delete(refuse);
    };
    const done = pool()
      .then((open) => work(open, arrive))
      .catch((error: unknown) => {
        if (waiting.has(refuse)) {
          waiting.forEach((each) => each(error));
          waiting.clear();
        }
        throw error;
      });
    return Promise.race([done, refused]);
  };

  const again = async <Result>(work: (open: DatabasePool, arrive: () => boolean) => Promise<Result>) => {
    refuseNested();
    for (let tries = 1; ; tries += 1) {
      let isConnected = false;
      try {
        return await attempt(work, () => (isConnected = true));
      } catch (error) {
        if (!isConnected || tries >= ATTEMPTS || !isTransient(error)) throw asFault(error);
        await wait(20 * 2 ** tries * (0.5 + Math.random()));
      }
    }
  };
  const inTenant: Database['inTenant'] = (scope, fn) => again((open, arrive) => transact(open, scope, fn, arrive));

  return {
    inTenant,
    call: (row, name, args) => again((open, arrive) => call(open, functionCall(row, name, args), arrive)),
    async health() {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const tooLate = new Fault('unavailable', 'The database took too long to answer; try again in a moment.');
      const timer = setTimeout(() => reject(tooLate), HEALTH_MS);
      const asked = inTenant('platform', (tx) => tx.any(sql.typeAlias('id')`SELECT id FROM tenants LIMIT 0`));
      await Promise.race([asked, late]).finally(() => clearTimeout(timer));
    },
    async close() {
      const closing = opened;
      opened = Promise.reject(new Fault('unavailable', 'The database connection of this process is closed.'));
      opened.catch(() => undefined);
      if (closing)
        await closing.then(
          (open) => open.end(),
          () => undefined,
        );
    },
  };
};
