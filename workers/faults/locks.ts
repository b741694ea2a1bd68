import pg from 'pg';

/** A session of the superuser's that stands in the workers' way. */
export interface Blocker extends AsyncDisposable {
  /** Runs a statement in a transaction that stays open: whoever wants the same rows waits. */
  hold: (statement: string, values: string[]) => Promise<void>;
  /** Ends the sessions of those who wait: a statement that was sent whole would else be carried out for a client that is dead. */
  endWaiting: () => Promise<void>;
  /** Nobody waits any more; what was held is as it was. */
  release: () => Promise<void>;
  /** One value, as it is committed. */
  read: (query: string, values: string[]) => Promise<unknown>;
}

export async function openBlocker(url: string): Promise<Blocker> {
  const [holding, reading] = [1, 2].map(() => new pg.Client({ connectionString: url }));
  if (!holding || !reading) throw new Error('two sessions were asked for');
  await Promise.all([holding.connect(), reading.connect()]);
  await holding.query('BEGIN');
  return {
    hold: async (statement, values) => void (await holding.query(statement, values)),
    endWaiting: async () =>
      void (await reading.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
      )),
    release: async () => void (await holding.query('ROLLBACK')),
    read: async (query, values) => {
      const { rows } = await reading.query<{ value: unknown }>(query, values);
      return rows[0]?.value;
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all([holding.end(), reading.end()])),
  };
}
