import { z } from 'zod';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const ANSWER_MS = 1500;

const State = z.enum(['ok', 'error']);

const Readiness = z
  .strictObject({
    status: State,
    checks: z.strictObject({ temporal: State, database: State, secrets: State, accepting: State }),
  })
  .meta({ id: 'Readiness' });

/** A part that does not answer in time is down, whatever it may say later. */
const judge = async (health: () => Promise<void>): Promise<'ok' | 'error'> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'error'>((resolve) => {
    timer = setTimeout(() => resolve('error'), ANSWER_MS);
  });
  const asked = health().then(
    () => 'ok' as const,
    () => 'error' as const,
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
};

export const healthRoutes = ({ ports, accepting }: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/healthz',
    summary: 'The process lives',
    may: 'public',
    within: 'nobody',
    reply: { status: 200, schema: z.strictObject({ status: z.literal('ok') }) },
    handle: async () => ({ status: 'ok' }),
  }),
  route({
    method: 'get',
    path: '/readyz',
    summary: 'Every part that requests need answers; 503 when one does not',
    may: 'public',
    within: 'nobody',
    reply: { status: 200, schema: Readiness },
    async handle({ ctx }) {
      const [temporal, database, secrets] = await Promise.all([
        judge(() => ports.workflows.health()),
        judge(() => ports.database.health()),
        judge(() => ports.secrets.health()),
      ]);
      const checks = { temporal, database, secrets, accepting: accepting() ? ('ok' as const) : ('error' as const) };
      const status = Object.values(checks).every((state) => state === 'ok') ? ('ok' as const) : ('error' as const);
      if (status === 'error') ctx.state.status = 503;
      return { status, checks };
    },
  }),
];
