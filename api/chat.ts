import { setTimeout as pause } from 'node:timers/promises';
import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Context } from 'koa';
import { z } from 'zod';
import { Utterance } from '../ports/conversations.ts';
import type { Conversation } from '../ports/conversations.ts';
import { Fault } from '../ports/errors.ts';
import { Text } from '../ports/ids.ts';
import type { RunId, TenantId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { conversationId, QUEUES, WORKFLOWS } from '../ports/operations.ts';
import { conversation, sayUpdate } from '../workflows/conversation.ts';
import { searchAttributes } from '../workflows/lib/attributes.ts';
import type { ApiDeps } from './deps.ts';
import { waitAsked } from './prefer.ts';
import { openByUpdate } from './temporal.ts';

const ASK_MS = 150;

/** One message of a person. */
export const Message = z
  .strictObject({
    text: Text.pipe(z.string().trim().min(1).max(20_000)),
    messageId: z
      .string()
      .regex(/^[\w.:-]{1,100}$/)
      .optional()
      .meta({ description: 'Your own id of it: the same one again is the same message, and gets the same answer.' }),
    whileAnswering: z.enum(['enqueue', 'steer', 'interrupt', 'reject']).default('enqueue').meta({
      description:
        'What is done when the agent is still answering: wait for its turn, be heard at once by the answer under way, cut that answer off, or be refused.',
    }),
  })
  .meta({ id: 'ChatMessage' });
export type Message = z.infer<typeof Message>;

/** A message that was taken. */
export const Said = z
  .strictObject({
    conversationId: z.uuid(),
    messageId: z.string(),
    answeredBy: z.string().meta({ description: 'The message whose answer is also this one’s.' }),
    answer: Utterance.nullable().meta({ description: 'Null while the agent is at it.' }),
  })
  .meta({ id: 'ChatSaid' });
export type Said = z.infer<typeof Said>;

/** A person's own conversation; `not_found` to everybody else, whoever they are. */
export const ownConversation = async (
  { ports }: Pick<ApiDeps, 'ports'>,
  tenantId: TenantId,
  principal: Principal,
  id: RunId,
): Promise<Conversation> => {
  const found = await ports.conversations.get(tenantId, id);
  if (found.userId !== principal.userId) throw new Fault('not_found', `There is no conversation ${id}.`);
  return found;
};

/** Whose the texts of a conversation are: they go with it. */
export const ownerOf = (id: RunId): string => `conversation/${id}`;

/** Has the agent hear a message, once for each id. The conversation's workflow is started when it rests. */
export const say = async (
  { ports, temporal }: ApiDeps,
  tenantId: TenantId,
  { id, agentId, userId }: Conversation,
  { text, messageId, whileAnswering }: Message & { messageId: string },
): Promise<Said> => {
  const said = await ports.content.putFor(tenantId, ownerOf(id), { text });
  const start = () =>
    new WithStartWorkflowOperation(conversation, {
      workflowId: conversationId(tenantId, id),
      taskQueue: QUEUES.operations,
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      args: [{ tenantId, runId: id, agentId, startedBy: userId }],
      typedSearchAttributes: searchAttributes({ tenantId, operation: WORKFLOWS.conversation }),
    });
  const { answeredBy } = await openByUpdate(temporal, {
    ...{ start, definition: sayUpdate, updateId: messageId },
    args: [{ messageId, said, policy: whileAnswering }],
  });
  return { conversationId: id, messageId, answeredBy, answer: await answerTo({ ports }, tenantId, id, messageId) };
};

/** The answer once it has ended; null while it is being written or waits for its turn. */
export const answerTo = async (
  { ports }: Pick<ApiDeps, 'ports'>,
  tenantId: TenantId,
  id: RunId,
  messageId: string,
): Promise<Utterance | null> => {
  const answer = await ports.conversations.find(tenantId, id, messageId, 'assistant');
  return answer?.state === null ? null : answer;
};

/** The same with its answer, where the caller would rather wait for that and it comes in time. */
export const waitForAnswer = async (deps: ApiDeps, tenantId: TenantId, said: Said, ctx: Context): Promise<Said> => {
  const waitMs = waitAsked(ctx);
  if (waitMs === null) return said;
  const end = Date.now() + waitMs;
  const id = said.conversationId as RunId;
  let { answer } = said;
  while (answer === null && Date.now() < end && !ctx.res.destroyed) {
    await pause(ASK_MS);
    answer = await answerTo(deps, tenantId, id, said.messageId);
  }
  if (answer === null) return said;
  ctx.set('Preference-Applied', 'wait');
  ctx.state.status = 200;
  return { ...said, answer };
};
