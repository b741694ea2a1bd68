import { ApplicationFailure } from '@temporalio/workflow';
import type { ContentRef } from '../../ports/content.ts';
import type { RunId } from '../../ports/ids.ts';
import type { SyncRun } from '../../ports/syncs.ts';
import type { SyncInput } from '../sync-stream.ts';
import { own } from './activities.ts';
import { askPeople, newApproval } from './ask-people.ts';

const DELETE_POLICY = {
  roles: ['tenant_admin'],
  remindAfterMs: 86_400_000,
  deadlineMs: 3 * 86_400_000,
  onDeadline: 'reject',
} as const;

/** What a note shows of a vendor's own names. */
const NAMES_MAX = 10;
const NAME_CHARS_MAX = 60;

/** A full scan that misses much of what is known is more often a broken source than a great clean-up. */
export async function askBeforeDeleting(
  { tenantId, operationId, stream }: SyncInput,
  missing: number,
  content: ContentRef,
): Promise<void> {
  const { outcome } = await askPeople(tenantId, {
    approvalId: newApproval(),
    operationId,
    subject: `Delete ${missing} records of ${stream} that the source no longer has`,
    content,
    policy: { ...DELETE_POLICY, roles: [...DELETE_POLICY.roles] },
  });
  if (outcome !== 'approved')
    throw ApplicationFailure.nonRetryable(
      `${missing} deletes of ${stream} were not approved; nothing was deleted`,
      'delete_guard',
    );
}

const listed = (what: string, names: string[]): string[] => {
  if (names.length === 0) return [];
  const shown = names.slice(0, NAMES_MAX).map((name) => name.slice(0, NAME_CHARS_MAX));
  return [`${what} ${shown.join(', ')}${names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : ''}`];
};

/** The shape of a vendor's records changed: whoever reads what was delivered should know. */
export const tellOfDrift = (
  { tenantId, connectorId, stream }: SyncInput,
  runId: RunId,
  { added, gone }: NonNullable<SyncRun['drift']>,
): Promise<void> =>
  own.tellOfFact(tenantId, {
    key: `drift/${runId}`,
    roles: ['tenant_admin'],
    kind: 'sync.drift',
    subject: `${connectorId} changed the fields of its ${stream}: ${[...listed('new', added), ...listed('gone', gone)].join('; ')}`,
    link: `/api/v1/syncs/${runId}`,
  });
