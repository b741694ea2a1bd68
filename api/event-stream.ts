import type { Context } from 'koa';
import type { OperationId, Scope } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import type { ApiDeps } from './deps.ts';
import { lastSeen, openSse } from './sse.ts';

/** Answers with a stream of the operation's events, until it has ended, the viewer leaves, or the viewer's role is taken back. */
export const streamEvents = (
  { feed, ports }: Pick<ApiDeps, 'feed' | 'ports'>,
  ctx: Context,
  { scope, operationId, principal }: { scope: Scope; operationId: OperationId; principal: Principal },
): void => {
  const seq = lastSeen(ctx);
  const sse = openSse({ ports }, ctx, principal);
  const leave = feed.watch({
    scope,
    operationId,
    seq,
    onEvent: (event) => sse.send('step', event, event.seq),
    onSettled: (operation) => {
      const { outcome = 'failed', error = null } = operation ?? {};
      sse.send('settled', { operationId, outcome, error });
      sse.end();
    },
    onClosed: sse.end,
  });
  sse.onLeft(leave);
};
