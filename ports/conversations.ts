import { z } from 'zod';
import { RunId, UserId } from './ids.ts';
import type { TenantId } from './ids.ts';
import type { Page, PageQuery } from './tenants.ts';

/** A chat of one person with one agent. Its transcript is that of the run with the same id. */
export const Conversation = z
  .strictObject({
    id: RunId,
    agentId: z.string(),
    userId: UserId,
    title: z.string(),
    createdAt: z.iso.datetime(),
    /** When something was last said. */
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Conversation' });
export type Conversation = z.infer<typeof Conversation>;

/** What was said, as people see it. */
export const Utterance = z
  .strictObject({
    /** The caller's own id of a message; of an answer the id of the message that it answers. */
    messageId: z.string(),
    role: z.enum(['user', 'assistant']),
    content: z.string(),
    /** Of a message that was said while another was being answered, and heard at once: that other one. Its answer is both's. */
    saidInto: z.string().nullable(),
    /** Of an answer: the model turn with which it began, as the stream of tokens counts them. */
    step: z.int().nullable(),
    /** Of an answer: how it ended; null while it is being written. */
    state: z.enum(['done', 'failed', 'cancelled']).nullable(),
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    at: z.iso.datetime(),
  })
  .meta({ id: 'Utterance' });
export type Utterance = z.infer<typeof Utterance>;

export interface ConversationStore {
  /** Idempotent by id: what is there stays. `conflict` when it is another person's or another agent's. */
  open: (tenantId: TenantId, conversation: Omit<Conversation, 'createdAt' | 'updatedAt'>) => Promise<Conversation>;
  /** `not_found` when gone or another tenant's. */
  get: (tenantId: TenantId, id: RunId) => Promise<Conversation>;
  /** A person's own, newest first. */
  list: (tenantId: TenantId, userId: UserId, page: PageQuery, agentId?: string) => Promise<Page<Conversation>>;
  /**
   * Idempotent by (conversation, message id, role). Of an answer that is being written the end may come later, once; anything
   * else that is there stays. `not_found` when the conversation is gone.
   */
  say: (tenantId: TenantId, id: RunId, utterance: Omit<Utterance, 'at'>) => Promise<void>;
  /** Oldest first. */
  history: (tenantId: TenantId, id: RunId, page: PageQuery) => Promise<Page<Utterance>>;
  /** Of a message that was said into another one the answer is that one's. */
  find: (tenantId: TenantId, id: RunId, messageId: string, role: Utterance['role']) => Promise<Utterance | null>;
  /**
   * The answer as it stands (null: it was not begun), and the model turn with which the next one begins, where that was begun:
   * all turns from there on are not this answer's. `not_found` when the conversation is gone.
   */
  answerSoFar: (
    tenantId: TenantId,
    id: RunId,
    messageId: string,
  ) => Promise<{ answer: Utterance; nextStep: number | null } | null>;
  /**
   * Where the agent stands between two messages; null when nothing was said yet. `turns`: model turns that were begun in it,
   * above what stands where somebody ended it in the middle of one. `not_found` when the conversation is gone.
   */
  stand: (tenantId: TenantId, id: RunId) => Promise<{ kept: unknown; turns: number }>;
  /**
   * What was said and has no answer, or one that was not written to its end, has failed: whoever would have answered it is gone.
   * Silent when there is nothing.
   */
  failUnanswered: (tenantId: TenantId, id: RunId) => Promise<void>;
  /** Silent when gone. */
  keepStand: (tenantId: TenantId, id: RunId, stand: unknown) => Promise<void>;
  /** With all that was said in it, to its agent too; silent when gone. */
  remove: (tenantId: TenantId, id: RunId) => Promise<void>;
}
