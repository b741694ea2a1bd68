import { z } from 'zod';
import { RunId } from '../../ports/ids.ts';
import { streamRun } from '../chat-stream.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { seenRun } from '../seen-run.ts';

export const runStreamRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/runs/:id/stream',
    summary: 'What an agent writes, as it writes it, as server-sent events',
    description:
      '`token` brings text of a model turn (`step`), `reset` makes void what was shown of that step, `done` is its end. Each has a number as `id`: send the last one as `Last-Event-ID` to go on from there. Ends with `settled`. What came before anybody watched is in the transcript.',
    may: 'viewAgents',
    within: 'tenant',
    params: z.strictObject({ id: RunId }),
    reply: { status: 200, type: 'text/event-stream' },
    async handle({ params: { id }, tenantId, principal, ctx }) {
      const { runId } = await seenRun(deps, tenantId, principal, id);
      streamRun(deps, ctx, { tenantId, runId, principal });
    },
  }),
];
