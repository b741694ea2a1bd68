import type { z } from 'zod';
import type { Scope } from '../../ports/ids.ts';
import { Fault } from '../../ports/errors.ts';
import { asFault, isLoginRefused, isTransient } from './faults.ts';
import type { Work } from './login-pools.ts';
import { openLoginPools } from './login-pools.ts';
import type { Logins } from './logins.ts';
import { ownLogin } from './logins.ts';
import { sql } from './sql.ts';
import type { Argument, Tx } from './transact.ts';
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
  call: <Row extends z.ZodType>(row: Row, name: string, args: Argument[]) => Promise<readonly z.output<Row>[]>;
  /** Throws `unavailable` within two seconds when the database does not answer or is not migrated. */
  health: () => Promise<void>;
  close: () => Promise<void>;
}

const ATTEMPTS = 3;
const HEALTH_MS = 1900;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Opens lazily and again after a failure, so that a process may start before its database, and outlive a restart of it and
 * a change of its login.
 */
export const openPostgres = (
  url: string,
  { max = 10, logins = ownLogin }: { max?: number; logins?: Logins } = {},
): Database => {
  const pools = openLoginPools(url, max);
  const again = async <Result>(work: Work<Result>) => {
    refuseNested();
    for (let tries = 1; ; tries += 1) {
      let isConnected = false;
      const login = await logins.current();
      try {
        return await pools.attempt(login, work, () => (isConnected = true));
      } catch (error) {
        const mayHelp = isConnected ? isTransient(error) : isLoginRefused(error) && (await logins.refused(login));
        if (!mayHelp || tries >= ATTEMPTS) throw asFault(error);
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
    close: pools.close,
  };
};
