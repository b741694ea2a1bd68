import type { Context } from 'koa';
import type { UploadRef, WriteAction, WriteReceipt } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import type { TenantId, UserId } from '../ports/ids.ts';
import { connectorWriteId } from '../ports/operations.ts';
import type { Operation } from '../ports/runs.ts';
import { connectorWrite } from '../workflows/connector-write.ts';
import type { WriteApproval, WriteInput } from '../workflows/connector-write.ts';
import type { StreamOfTenant } from './data-query.ts';
import type { ApiDeps } from './deps.ts';
import { waitAsked } from './prefer.ts';
import { idFor, publicOperation, startOperation } from './start-operation.ts';
import { within } from './temporal.ts';
import { gaveNoAnswer } from './temporal-faults.ts';

export interface WriteStart {
  tenantId: TenantId;
  startedBy: UserId;
  onceKey: string | null;
  at: StreamOfTenant;
  action: WriteAction;
  ctx: Context;
}

export type Written = Operation & { receipt: WriteReceipt | null };

/** What cannot be written is said before anything is: by us what the system has, by the connector which field does not fit. */
export const refuseWrite = ({ ports }: ApiDeps, { stream, title, connection }: StreamOfTenant, action: WriteAction) => {
  const kinds = stream.writes.map(({ kind }) => kind);
  if (!kinds.includes(action.kind)) {
    const can = kinds.length > 0 ? `it can ${kinds.join(', ')}` : 'it can only be read';
    throw new Fault('unsupported', `${title} cannot ${action.kind} ${stream.name} from here; ${can}.`);
  }
  ports.connectors.checkWrite(connection.connectorId, stream.name, action);
};

const SUBJECTS = { create: 'Create in', update: 'Change', delete: 'Delete from' } as const;

/** People are shown what will be written, and decide about exactly that. */
const shown = ({ connection, stream }: StreamOfTenant, action: WriteAction) => ({
  connectorId: connection.connectorId,
  connectionId: connection.id,
  resource: stream.name,
  kind: action.kind,
  externalId: 'externalId' in action ? action.externalId : null,
  input: 'input' in action ? action.input : null,
  file: 'file' in action ? fileShown(action.file) : null,
});

const fileShown = ({ objectKey: _, ...facts }: UploadRef) => facts;

const approvalOf = async (
  { ports }: ApiDeps,
  tenantId: TenantId,
  owner: string,
  at: StreamOfTenant,
  action: WriteAction,
  requestedBy: UserId,
): Promise<WriteApproval | null> => {
  const { kinds, policy } = (await ports.tenantSettings.get(tenantId)).writeApprovals;
  if (!kinds.includes(action.kind)) return null;
  const content = await ports.content.putFor(tenantId, owner, shown(at, action));
  return { policy, subject: `${SUBJECTS[action.kind]} ${at.stream.title} of ${at.title}`, content, requestedBy };
};

/** What histories hold of an action: its input by reference. */
const referred = (action: WriteAction, contentId: string): WriteInput['action'] => {
  switch (action.kind) {
    case 'create':
      return { kind: 'create', contentId, ...(action.file && { file: action.file }) };
    case 'update':
      return { kind: 'update', externalId: action.externalId, contentId };
    case 'delete':
      return action;
  }
};

/**
 * Starts the one workflow that changes a tenant's system, and waits for its end where the caller prefers that. The operation's
 * Location is set, or with a receipt the record's own.
 */
export const startWrite = async (deps: ApiDeps, start: WriteStart): Promise<Written> => {
  const { tenantId, startedBy, onceKey, at, action, ctx } = start;
  refuseWrite(deps, at, action);
  const { ports } = deps;
  const effectKey = idFor(onceKey, 'effect').replaceAll('-', '');
  const workflowId = connectorWriteId(tenantId, effectKey);
  const content = 'input' in action ? await ports.content.putFor(tenantId, effectKey, action.input) : null;
  const approval = await approvalOf(deps, tenantId, effectKey, at, action, startedBy);
  const { id: connectionId, connectorId } = at.connection;
  const operation = await startOperation(deps, {
    kind: 'connectorWrite',
    work: connectorWrite,
    workflowId,
    input: (operationId): WriteInput => ({
      ...{ tenantId, connectionId, stream: at.stream.name, effectKey, operationId, approval },
      action: referred(action, content?.id ?? ''),
    }),
    scope: tenantId,
    startedBy,
    onceKey,
    reuse: 'ALLOW_DUPLICATE_FAILED_ONLY',
    connector: { connectorId, connectionId },
    taken: new Fault('conflict', 'This change was begun already; take a new Idempotency-Key for another one.'),
  });
  ctx.set('Location', `/api/v1/operations/${operation.id}`);
  const waitMs = approval === null ? waitAsked(ctx) : null;
  const receipt = waitMs === null ? null : await endOf(deps, workflowId, waitMs);
  if (receipt === null) return { ...operation, receipt };
  ctx.set('Preference-Applied', 'wait');
  const gone = action.kind === 'delete';
  if (!gone) {
    const item = encodeURIComponent(receipt.externalId);
    ctx.set('Location', `/api/v1/connections/${connectionId}/data/${at.stream.name}/${item}`);
  }
  ctx.state.status = action.kind === 'create' ? 201 : 200;
  return { ...publicOperation(await ports.operations.get(tenantId, operation.id)), receipt };
};

/** The receipt, or null when the write goes on for longer than somebody waits. Its failure is the answer. */
const endOf = async ({ temporal }: ApiDeps, workflowId: string, ms: number): Promise<WriteReceipt | null> => {
  try {
    return await within(temporal, ms, () => temporal.workflow.getHandle<typeof connectorWrite>(workflowId).result());
  } catch (error) {
    if (gaveNoAnswer(error)) return null;
    throw error;
  }
};
