import { ApplicationFailure, executeChild, uuid4 } from '@temporalio/workflow';
import type { ContentRef } from '../../ports/content.ts';
import type { ApprovalPolicy } from '../../ports/approvals.ts';
import type { OperationId, RunId, TenantId, UserId } from '../../ports/ids.ts';
import { connectorWriteId, runCrewId } from '../../ports/operations.ts';
import { connectorWrite } from '../connector-write.ts';
import { runCrew } from '../run-crew.ts';
import type { CrewResult } from '../run-crew.ts';
import { own } from './activities.ts';
import { askPeople, newApproval } from './ask-people.ts';
import { searchAttributes } from './attributes.ts';
import type { Connected } from './onboarding-connections.ts';
import type { Story } from './story.ts';

const CREW = 'OnboardingCrew';

/** Runs that began before a crew named its own reply gave that of their last part. */
const reportOf = ({ reply, parts }: CrewResult): ContentRef | undefined => reply ?? parts.at(-1)?.reply;

/** The crew reads the tenant's content and proposes a first post. */
export async function auditPresence(tenantId: TenantId, startedBy: UserId, story: Story): Promise<ContentRef> {
  const runId = uuid4() as RunId;
  const result = await story.step(
    'audit',
    `${CREW} audits the digital presence`,
    () =>
      executeChild(runCrew, {
        workflowId: runCrewId(tenantId, runId),
        args: [{ tenantId, runId, crewId: CREW, startedBy }],
        typedSearchAttributes: searchAttributes({ tenantId, operation: 'runCrew' }),
      }),
    (done) => ({ runId, parts: done.parts.length, report: reportOf(done)?.id ?? null }),
  );
  const report = reportOf(result);
  if (!report) throw ApplicationFailure.nonRetryable(`${CREW} gave no report`, 'llm_bad_output');
  return report;
}

/** The owner decides about the report and the post in it. Returns what was approved; rejected or undecided ends the onboarding. */
export async function askOwner(
  tenantId: TenantId,
  operationId: OperationId,
  { connectionId }: Connected,
  content: ContentRef,
  policy: ApprovalPolicy,
  story: Story,
): Promise<string> {
  const approvalId = newApproval();
  const subject = 'Approve the audit report and the proposed first post';
  const question = { approvalId, operationId, connectionId, subject, content, policy };
  const { outcome, contentId } = await askPeople(tenantId, question);
  await story.tell('approval', outcome === 'approved' ? 'completed' : 'failed', `The proposal was ${outcome}`, {
    approvalId,
    outcome,
  });
  if (outcome === 'approved') return contentId;
  throw ApplicationFailure.nonRetryable(
    outcome === 'expired' ? 'nobody decided in time' : 'the proposal was rejected',
    'not_approved',
  );
}

/** Creates the approved post as a draft, once; undone by moving it to the bin. */
export async function writeFirstPost(
  tenantId: TenantId,
  { connector, connectionId }: Connected,
  approvedContentId: string,
  undo: (step: () => Promise<unknown>) => void,
  story: Story,
): Promise<void> {
  const write = async (effectKey: string, action: Parameters<typeof connectorWrite>[0]['action']) =>
    executeChild(connectorWrite, {
      workflowId: connectorWriteId(tenantId, effectKey),
      args: [{ tenantId, connectionId, stream: 'posts', effectKey, action }],
      typedSearchAttributes: searchAttributes({
        tenantId,
        operation: 'connectorWrite',
        connectorId: connector,
        connectionId,
      }),
    });
  const post = await own.extractProposedPost(tenantId, approvedContentId);
  const effectKey = uuid4().replaceAll('-', '');
  const receipt = await story.step(
    'write',
    `Creating the approved post on ${connector} as a draft`,
    () => write(effectKey, { kind: 'create', contentId: post.id }),
    ({ externalId }) => ({ connectionId, externalId }),
  );
  undo(() => write(`undo${effectKey}`, { kind: 'delete', externalId: receipt.externalId }));
}
