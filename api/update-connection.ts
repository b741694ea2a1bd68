import { randomUUID } from 'node:crypto';
import type { UpdateDefinition } from '@temporalio/common';
import type { Connection } from '../ports/connections.ts';
import { Fault } from '../ports/errors.ts';
import { connectionWorkflowId } from '../ports/operations.ts';
import type { ApiDeps } from './deps.ts';
import { update } from './temporal.ts';

export const ended = () => new Fault('conflict', 'This connection has ended; it takes no more changes.');

/** Asks a connection's workflow to change. `onceKey`: repeats with it are one update, and get its outcome. */
export const updateConnection = <Result, Args extends unknown[]>(
  { temporal }: Pick<ApiDeps, 'temporal'>,
  { tenantId, id }: Pick<Connection, 'tenantId' | 'id'>,
  definition: UpdateDefinition<Result, Args>,
  args: Args,
  onceKey: string | null,
): Promise<Result> =>
  update(temporal, {
    workflowId: connectionWorkflowId(tenantId, id),
    definition,
    args,
    updateId: onceKey ?? randomUUID(),
    ended: ended(),
  });
