import { z } from 'zod';
import type { TenantId } from '../../ports/ids.ts';
import type { Asking, SpendingStore } from '../../ports/spending.ts';
import { Budget } from '../../ports/spending.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const LIST_MAX = 500;

const Reserved = z.discriminatedUnion('isOk', [
  z.object({ isOk: z.literal(true), earlier: z.number() }),
  z.object({
    isOk: z.literal(false),
    itsScope: z.string(),
    itsLimit: z.number(),
    itsReserved: z.number(),
    itsSpent: z.number(),
  }),
]);
const Lost = z.object({ opId: z.string(), micros: z.number() });
const Standing = z.object({ subject: z.string(), limitMicros: z.number() });

const columns = sql.fragment`scope, limit_micros, reserved_micros, spent_micros`;

/** What a reservation goes by. */
export const opOf = ({ run, step, id }: Asking): string => `${run.runId}/${step}/${id}`;

export const postgresSpending = (db: Database): SpendingStore => ({
  async reserve(asking, { agentId, micros, from }) {
    const { run, step } = asking;
    const wanted = JSON.stringify(from.map(({ scope, limitMicros }) => ({ scope, limit: limitMicros })));
    const given = [run.tenantId, run.runId, String(step), agentId, opOf(asking), String(micros), wanted];
    const [answer] = await db.call(Reserved, 'reserve_call', given);
    if (answer === undefined) throw new Error('reserve_call gives one row');
    if (answer.isOk) return { ok: true, earlier: answer.earlier };
    const { itsScope: scope, itsLimit: limitMicros, itsReserved: reservedMicros, itsSpent: spentMicros } = answer;
    return { ok: false, exceeded: { scope, limitMicros, reservedMicros, spentMicros } };
  },

  settle: (asking, micros) => endIn(db, asking, micros),
  release: (asking) => endIn(db, asking, null),

  get: (tenantId, scope) =>
    db.inTenant(tenantId, (tx) =>
      tx.maybeOne(sql.type(Budget)`
        SELECT ${columns} FROM budgets WHERE tenant_id = ${tenantId} AND scope = ${scope}`),
    ),

  list: (tenantId, under = '') =>
    db.inTenant(tenantId, async (tx) => [
      ...(await tx.any(sql.type(Budget)`
        SELECT ${columns} FROM budgets WHERE tenant_id = ${tenantId} AND starts_with(scope, ${under})
        ORDER BY seq DESC LIMIT ${LIST_MAX}`)),
    ]),

  setLimit: (tenantId, scope, limitMicros) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO budgets (tenant_id, scope, limit_micros) VALUES (${tenantId}, ${scope}, ${limitMicros}::bigint)
        ON CONFLICT (tenant_id, scope) DO UPDATE SET limit_micros = excluded.limit_micros`);
    }),

  standing: (tenantId) =>
    db.inTenant(tenantId, async (tx) => [
      ...(await tx.any(sql.type(Standing)`
        SELECT subject, limit_micros FROM budget_standing WHERE tenant_id = ${tenantId} ORDER BY subject`)),
    ]),

  setStanding: (tenantId, subject, limitMicros) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(
        limitMicros === null
          ? sql.typeAlias('nothing')`
              DELETE FROM budget_standing WHERE tenant_id = ${tenantId} AND subject = ${subject}`
          : sql.typeAlias('nothing')`
              INSERT INTO budget_standing (tenant_id, subject, limit_micros) VALUES (${tenantId}, ${subject}, ${limitMicros})
              ON CONFLICT (tenant_id, subject) DO UPDATE SET limit_micros = excluded.limit_micros, updated_at = now()`,
      );
    }),

  async settleLost(tenantId, before) {
    const lost = await db.inTenant(tenantId, (tx) =>
      tx.any(sql.type(Lost)`
        SELECT op_id, micros FROM budget_reservations
        WHERE tenant_id = ${tenantId} AND state = 'reserved' AND at < ${before}::timestamptz ORDER BY at LIMIT ${LIST_MAX}`),
    );
    // Each by itself: several in one transaction would hold locks out of order.
    for (const { opId, micros } of lost) await db.inTenant(tenantId, (tx) => end(tx, tenantId, opId, micros));
    return lost.length;
  },
});

const endIn = (db: Database, asking: Asking, micros: number | null): Promise<void> => {
  const { tenantId } = asking.run;
  return db.inTenant(tenantId, (tx) => end(tx, tenantId, opOf(asking), micros));
};

/** `micros` null: nothing was used. */
const end = async (tx: Tx, tenantId: TenantId, opId: string, micros: number | null): Promise<void> => {
  await tx.query(sql.typeAlias('nothing')`SELECT end_reservation(${tenantId}, ${opId}, ${micros}::bigint)`);
};
