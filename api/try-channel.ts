import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Scope } from '../ports/ids.ts';
import type { Role } from '../ports/identity.ts';
import type { Channel } from '../ports/notifications.ts';
import { QUEUES, tellPeopleId, WORKFLOWS } from '../ports/operations.ts';
import { searchAttributes } from '../workflows/lib/attributes.ts';
import { tellPeople } from '../workflows/tell-people.ts';
import type { ApiDeps } from './deps.ts';
import { START_MS, within } from './temporal.ts';

/** Longer than one delivery may take. */
const PATIENCE_MS = 15_000;
const ASK_MS = 100;

/** A refusal for good ends the workflow too. */
const endedItself = (error: unknown): void => {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
};

/** Has one note sent by one channel, and says how the first attempt went: a test is not tried again for a day. */
export const tryChannel = async (
  { ports, temporal }: ApiDeps,
  scope: Scope,
  channel: Channel,
  role: Role,
): Promise<Channel> => {
  const key = `channel-test/${randomUUID()}`;
  const subject = `This is a test of the channel “${channel.title}”.`;
  const note = { key, roles: [role], kind: 'channel_test', subject, link: '/docs' };
  const handle = await within(temporal, START_MS, () =>
    temporal.workflow.start(tellPeople, {
      workflowId: tellPeopleId(scope, key),
      taskQueue: QUEUES.operations,
      args: [{ scope, note, only: channel.id }],
      typedSearchAttributes: searchAttributes({ tenantId: scope, operation: WORKFLOWS.tellPeople }),
    }),
  );
  const before = channel.lastOutcome?.at;
  const until = Date.now() + PATIENCE_MS;
  let now = channel;
  while (now.lastOutcome?.at === before && Date.now() < until) {
    await pause(ASK_MS);
    now = (await ports.channels.list(scope)).find(({ id }) => id === channel.id) ?? now;
  }
  if (now.lastOutcome?.ok !== true)
    await within(temporal, START_MS, () => handle.terminate('the test is over')).catch(endedItself);
  return now;
};
