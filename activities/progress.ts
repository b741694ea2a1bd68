import type { Ports } from '../ports/index.ts';
import type { OperationId, TenantId } from '../ports/ids.ts';
import type { NewOperationEvent, Operation } from '../ports/runs.ts';

export interface Progress extends NewOperationEvent {
  operationId: OperationId;
  tenantId: TenantId;
  actor: string;
}

export const createProgressActivities = ({ operations }: Pick<Ports, 'operations'>) => ({
  /** One step of an operation's story: seen by those who watch, kept in the audit log. */
  recordProgress: ({ operationId, tenantId, actor, ...event }: Progress): Promise<void> =>
    operations.record(operationId, event, {
      key: `${operationId}/${event.step}/${event.state}`,
      actor,
      action: `${event.step}.${event.state}`,
      resourceType: 'tenant',
      resourceId: tenantId,
      metadata: event.data ?? {},
    }),
  assignOperation: (id: OperationId, tenantId: TenantId): Promise<void> => operations.assign(id, tenantId),
  settleOperation: (
    id: OperationId,
    outcome: 'completed' | 'failed' | 'cancelled',
    error: Operation['error'],
  ): Promise<void> => operations.settle(id, outcome, error),
});
