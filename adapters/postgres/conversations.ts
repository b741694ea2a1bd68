import { ForeignKeyIntegrityConstraintViolationError } from 'slonik';
import { z } from 'zod';
import { Conversation, Utterance } from '../../ports/conversations.ts';
import type { ConversationStore } from '../../ports/conversations.ts';
import { Fault } from '../../ports/errors.ts';
import type { RunId, TenantId } from '../../ports/ids.ts';
import { afterSeq, beforeSeq, pageFrom, pageOf } from './paging.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const columns = sql.fragment`id, agent_id, user_id, title, created_at, updated_at`;
const Listed = Conversation.extend({ seq: z.number() });
const Stand = z.object({ stand: z.string().nullable(), turns: z.number() });

const said = sql.fragment`seq, message_id, role, content, said_into, step, state, error, at`;
/** Bodies are JSON as text. */
const Said = Utterance.extend({ seq: z.number(), error: z.string().nullable() });
const utterance = ({ seq: _, content, error, ...row }: z.infer<typeof Said>): Utterance => ({
  ...row,
  content: JSON.parse(content) as string,
  error: error === null ? null : (JSON.parse(error) as Utterance['error']),
});

const SoFar = Said.extend({ nextStep: z.number().nullable() });

const LOST = { code: 'unavailable', message: 'the answer was interrupted; say it again under a new id' };

const of = (tenantId: TenantId, id: RunId) => sql.fragment`tenant_id = ${tenantId} AND conversation_id = ${id}`;
const itself = (tenantId: TenantId, id: RunId) => sql.fragment`tenant_id = ${tenantId} AND id = ${id}`;
/** The message whose answer is this one's. */
const answeredBy = (tenantId: TenantId, id: RunId, messageId: string) => sql.fragment`coalesce((
  SELECT said_into FROM conversation_messages
  WHERE ${of(tenantId, id)} AND message_id = ${messageId} AND role = 'user'), ${messageId})`;
const gone = (id: RunId) => new Fault('not_found', `There is no conversation ${id}.`);

const find = async (tx: Tx, tenantId: TenantId, id: RunId): Promise<Conversation> => {
  const found = await tx.maybeOne(
    sql.type(Conversation)`SELECT ${columns} FROM conversations WHERE ${itself(tenantId, id)}`,
  );
  if (!found) throw gone(id);
  return found;
};

export const postgresConversations = (db: Database): ConversationStore => ({
  open: (tenantId, { id, agentId, userId, title }) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO conversations (tenant_id, id, agent_id, user_id, title)
        VALUES (${tenantId}, ${id}, ${agentId}, ${userId}, ${title}) ON CONFLICT (tenant_id, id) DO NOTHING`);
      const opened = await find(tx, tenantId, id);
      if (opened.userId !== userId || opened.agentId !== agentId) {
        throw new Fault('conflict', 'This conversation is another one; take a new id.');
      }
      return opened;
    }),

  get: (tenantId, id) => db.inTenant(tenantId, (tx) => find(tx, tenantId, id)),

  list: (tenantId, userId, page, agentId) =>
    db.inTenant(tenantId, async (tx) => {
      const only = agentId === undefined ? sql.fragment`` : sql.fragment`AND agent_id = ${agentId}`;
      const rows = await tx.any(sql.type(Listed)`
        SELECT seq, ${columns} FROM conversations
        WHERE tenant_id = ${tenantId} AND user_id = ${userId} ${only} AND seq < ${beforeSeq(page)}
        ORDER BY seq DESC LIMIT ${page.limit + 1}`);
      return pageOf(rows, page, ({ seq: _, ...conversation }) => conversation);
    }),

  async say(tenantId, id, { messageId, role, content, saidInto, step, state, error }) {
    const why = error === null ? null : JSON.stringify(error);
    try {
      await db.inTenant(tenantId, async (tx) => {
        await tx.query(sql.typeAlias('nothing')`
          INSERT INTO conversation_messages AS old
            (tenant_id, conversation_id, message_id, role, content, said_into, step, state, error)
          VALUES (${tenantId}, ${id}, ${messageId}, ${role}, ${JSON.stringify(content)}, ${saidInto}, ${step}, ${state},
            ${why})
          ON CONFLICT (tenant_id, conversation_id, message_id, role) DO UPDATE SET
            content = EXCLUDED.content, step = coalesce(old.step, EXCLUDED.step), state = EXCLUDED.state,
            error = EXCLUDED.error, at = now()
          WHERE old.role = 'assistant' AND old.state IS NULL`);
        await tx.query(sql.typeAlias('nothing')`
          UPDATE conversations SET updated_at = now() WHERE ${itself(tenantId, id)}`);
      });
    } catch (cause) {
      throw cause instanceof ForeignKeyIntegrityConstraintViolationError ? gone(id) : cause;
    }
  },

  history: (tenantId, id, page) =>
    db.inTenant(tenantId, async (tx) => {
      await find(tx, tenantId, id);
      const rows = await tx.any(sql.type(Said)`
        SELECT ${said} FROM conversation_messages WHERE ${of(tenantId, id)} AND seq > ${afterSeq(page)}
        ORDER BY seq LIMIT ${page.limit + 1}`);
      return pageFrom(rows, page, utterance);
    }),

  find: (tenantId, id, messageId, role) =>
    db.inTenant(tenantId, async (tx) => {
      const named = role === 'assistant' ? answeredBy(tenantId, id, messageId) : sql.fragment`${messageId}`;
      const row = await tx.maybeOne(sql.type(Said)`
        SELECT ${said} FROM conversation_messages
        WHERE ${of(tenantId, id)} AND role = ${role} AND message_id = ${named}`);
      return row ? utterance(row) : null;
    }),

  answerSoFar: (tenantId, id, messageId) =>
    db.inTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne(sql.type(SoFar)`
        SELECT ${said}, (SELECT min(step) FROM conversation_messages AS later
          WHERE ${of(tenantId, id)} AND role = 'assistant' AND later.seq > answer.seq) AS next_step
        FROM conversation_messages AS answer
        WHERE ${of(tenantId, id)} AND role = 'assistant' AND message_id = ${answeredBy(tenantId, id, messageId)}`);
      if (row) {
        const { nextStep, ...answer } = row;
        return { answer: utterance(answer), nextStep };
      }
      await find(tx, tenantId, id);
      return null;
    }),

  stand: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne(sql.type(Stand)`
        SELECT stand, (SELECT coalesce(max(step) + 1, 0) FROM model_attempts
          WHERE tenant_id = ${tenantId} AND run_id = ${id}) AS turns
        FROM conversations WHERE ${itself(tenantId, id)}`);
      if (!row) throw gone(id);
      return { kept: row.stand === null ? null : (JSON.parse(row.stand) as unknown), turns: row.turns };
    }),

  failUnanswered: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO conversation_messages AS old
          (tenant_id, conversation_id, message_id, role, content, state, error)
        SELECT tenant_id, conversation_id, message_id, 'assistant', '""', 'failed', ${JSON.stringify(LOST)}
        FROM conversation_messages WHERE ${of(tenantId, id)} AND role = 'user' AND said_into IS NULL
        ON CONFLICT (tenant_id, conversation_id, message_id, role) DO UPDATE SET
          state = EXCLUDED.state, error = EXCLUDED.error, at = now()
        WHERE old.state IS NULL`);
    }),

  keepStand: (tenantId, id, stand) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE conversations SET stand = ${JSON.stringify(stand)} WHERE ${itself(tenantId, id)}`);
    }),

  remove: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM conversations WHERE ${itself(tenantId, id)}`);
      // What its agent was told and said. That it was asked, and what that cost, is still counted.
      await tx.query(sql.typeAlias('nothing')`
        UPDATE model_calls SET answer = 'null' WHERE tenant_id = ${tenantId} AND run_id = ${id}`);
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM transcript WHERE tenant_id = ${tenantId} AND run_id = ${id}`);
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM token_pieces WHERE tenant_id = ${tenantId} AND run_id = ${id}`);
    }),
});
