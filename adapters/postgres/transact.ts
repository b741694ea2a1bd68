import { AsyncLocalStorage } from 'node:async_hooks';
import type { DatabasePool, DatabaseTransactionConnection, QuerySqlToken } from 'slonik';
import type { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { Scope } from '../../ports/ids.ts';
import { sql } from './sql.ts';

/** One transaction of one scope. */
export type Tx = DatabaseTransactionConnection;

const inside = new AsyncLocalStorage<true>();

/** A programming error, said at once: on a pool of one, and on PGlite, it would wait for itself for ever. */
export const refuseNested = () => {
  if (inside.getStore()) throw new Error('inTenant inside inTenant: pass `tx` on instead');
};

const late = () => new Fault('unavailable', 'The database came back too late for this request.');

/** One attempt at one transaction. `connected` is called once a connection is there; when it says false, nothing runs. */
export const transact = async <Result>(
  pool: DatabasePool,
  scope: Scope,
  fn: (tx: Tx) => Promise<Result>,
  connected: () => boolean,
): Promise<Result> => {
  // Kept, because a failing ROLLBACK on a cut connection would hide why it was needed.
  let first: { error: unknown } | undefined;
  const outcome = await pool
    .connect<{ result: Result } | { fault: Fault }>(async (connection) => {
      if (!connected()) return { fault: late() };
      try {
        return await connection.transaction(async (tx) => {
          try {
            // `set_config('role', …, true)` is SET LOCAL ROLE, in the same round trip.
            await tx.query(sql.typeAlias('nothing')`
              SELECT set_config('role', 'bizosaas_app', true), set_config('app.tenant', ${scope}, true)`);
            return { result: await inside.run(true, () => fn(tx)) };
          } catch (error) {
            first ??= { error };
            throw error;
          }
        });
      } catch (error) {
        // A Fault is an answer, not a broken connection. Handed out as a value: Slonik closes a connection that throws.
        if (error instanceof Fault) return { fault: error };
        throw error;
      }
    })
    .catch((error: unknown) => {
      throw first?.error ?? error;
    });
  if ('fault' in outcome) throw outcome.fault;
  return outcome.result;
};

/** What a function of ours is given. */
export type Argument = string | null | (string | null)[];

/** A call of a function of ours, each row of its answer checked by the schema. */
export const functionCall = <Row extends z.ZodType>(row: Row, name: string, args: Argument[]) => {
  const given = args.map((arg) => (Array.isArray(arg) ? sql.array(arg, 'text') : arg));
  return sql.type(row)`SELECT * FROM ${sql.identifier([name])}(${sql.join(given, sql.fragment`, `)})`;
};

/** One statement, which is a transaction by itself. */
export const call = async <Row extends z.ZodType>(
  pool: DatabasePool,
  query: QuerySqlToken<Row>,
  connected: () => boolean,
): Promise<readonly z.output<Row>[]> => {
  const rows = await pool.connect(async (connection) => (connected() ? connection.any(query) : null));
  if (rows === null) throw late();
  return rows as readonly z.output<Row>[];
};
