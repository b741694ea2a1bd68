import { z } from 'zod';
import { Conversation, Utterance } from '../../ports/conversations.ts';
import { Fault } from '../../ports/errors.ts';
import { RunId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Principal } from '../../ports/identity.ts';
import { conversationId } from '../../ports/operations.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { usableAgent } from '../agent-access.ts';
import { streamAnswer } from '../chat-stream.ts';
import { answerTo, Message, ownConversation, ownerOf, Said, say, waitForAnswer } from '../chat.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf } from '../paging.ts';
import { route, wantsStream } from '../route.ts';
import type { Call, Grants, Reply, Route } from '../route.ts';
import { idFor } from '../start-operation.ts';
import { endRun } from '../end-run.ts';

const TITLE_CHARS = 80;
const params = z.strictObject({ id: RunId });
const oneMessage = params.extend({ messageId: z.string().max(100) });
const reply = { status: 202, schema: Said, streams: true } satisfies Reply;

const description =
  'Answers 202 at once; with `Prefer: wait` (or `wait=SECONDS`, at most 60) the answer, where it came by then; with `Accept: text/event-stream` its text as it is written (`token`; `reset` makes void what was shown of a step), then `answer`.';

const titleOf = (text: string): string => {
  const [line = ''] = text.split('\n');
  // By code points: half of one cannot be kept.
  const chars = [...line];
  const short = chars.slice(0, TITLE_CHARS - 1).join('');
  return chars.length > TITLE_CHARS ? `${short.trimEnd()}…` : line;
};

type Asked = Call<unknown, unknown, Message> & Grants['tenant'];

/** Takes one message, and answers as the caller would rather have it. */
const take = async (deps: ApiDeps, conversation: Conversation, asked: Asked): Promise<unknown> => {
  const { body, tenantId, principal, onceKey, ctx } = asked;
  const { id: runId } = conversation;
  const message = { ...body, messageId: body.messageId ?? idFor(onceKey, `message ${runId}`) };
  ctx.set('Location', `/api/v1/conversations/${runId}/messages/${encodeURIComponent(message.messageId)}`);
  const said = () => say(deps, tenantId, conversation, message);
  if (wantsStream({ reply }, ctx)) return streamAnswer(deps, ctx, { tenantId, runId, principal }, said);
  return waitForAnswer(deps, tenantId, await said(), ctx);
};

const usable = async (deps: ApiDeps, tenantId: TenantId, principal: Principal, id: RunId): Promise<Conversation> => {
  const conversation = await ownConversation(deps, tenantId, principal, id);
  await usableAgent(deps, tenantId, principal, conversation.agentId);
  return conversation;
};

/** Chats of people with agents. Everybody's are their own. */
export const conversationRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'post',
    path: '/agents/:id/chat',
    summary: 'Begin a conversation with an agent by its first message',
    description,
    may: 'viewAgents',
    within: 'tenant',
    params: z.strictObject({ id: z.string().max(64) }),
    body: Message,
    reply,
    async handle(call) {
      const { params: asked, body, tenantId, principal, onceKey } = call;
      const { spec } = await usableAgent(deps, tenantId, principal, asked.id);
      const conversation = await deps.ports.conversations.open(tenantId, {
        ...{ id: RunId.parse(idFor(onceKey, 'conversation')), agentId: spec.id, userId: principal.userId },
        title: titleOf(body.text),
      });
      return take(deps, conversation, call);
    },
  }),
  route({
    method: 'get',
    path: '/conversations',
    summary: 'Your own conversations, newest first',
    may: 'viewAgents',
    within: 'tenant',
    query: PageQuery.extend({ agentId: z.string().max(64).optional() }),
    reply: { status: 200, schema: pageOf(Conversation) },
    handle: ({ query: { agentId, ...page }, tenantId, principal }) =>
      deps.ports.conversations.list(tenantId, principal.userId, page, agentId),
  }),
  route({
    method: 'get',
    path: '/conversations/:id',
    summary: 'One conversation of yours',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply: { status: 200, schema: Conversation },
    handle: ({ params: { id }, tenantId, principal }) => ownConversation(deps, tenantId, principal, id),
  }),
  route({
    method: 'get',
    path: '/conversations/:id/messages',
    summary: 'What was said in it, oldest first',
    may: 'viewAgents',
    within: 'tenant',
    params,
    query: PageQuery,
    reply: { status: 200, schema: pageOf(Utterance) },
    async handle({ params: { id }, query, tenantId, principal }) {
      await ownConversation(deps, tenantId, principal, id);
      return deps.ports.conversations.history(tenantId, id, query);
    },
  }),
  route({
    method: 'post',
    path: '/conversations/:id/messages',
    summary: 'Say something in a conversation',
    description,
    may: 'viewAgents',
    within: 'tenant',
    params,
    body: Message,
    reply,
    async handle(call) {
      return take(deps, await usable(deps, call.tenantId, call.principal, call.params.id), call);
    },
  }),
  route({
    method: 'get',
    path: '/conversations/:id/messages/:messageId',
    summary: 'One message of yours and its answer',
    description:
      'With `Accept: text/event-stream` the text of the answer as it is written; `Last-Event-ID` goes on from there.',
    may: 'viewAgents',
    within: 'tenant',
    params: oneMessage,
    reply: { ...reply, status: 200 },
    async handle({ params: { id, messageId }, tenantId, principal, ctx }) {
      await ownConversation(deps, tenantId, principal, id);
      const message = await deps.ports.conversations.find(tenantId, id, messageId, 'user');
      if (!message) throw new Fault('not_found', 'There is no such message in this conversation.');
      const said = async () => ({
        ...{ conversationId: id, messageId, answeredBy: message.saidInto ?? messageId },
        answer: await answerTo(deps, tenantId, id, messageId),
      });
      if (wantsStream({ reply }, ctx)) return streamAnswer(deps, ctx, { tenantId, runId: id, principal }, said);
      return said();
    },
  }),
  route({
    method: 'delete',
    path: '/conversations/:id',
    summary: 'Delete a conversation with all that was said in it',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply: { status: 200, schema: Conversation },
    async handle({ params: { id }, tenantId, principal }) {
      const conversation = await ownConversation(deps, tenantId, principal, id);
      await endRun(deps, conversationId(tenantId, id));
      await deps.ports.agentRuns.end({ tenantId, runId: id }, { state: 'cancelled', error: null, replyId: null });
      await deps.ports.conversations.remove(tenantId, id);
      await deps.ports.content.drop(tenantId, ownerOf(id));
      return conversation;
    },
  }),
];
