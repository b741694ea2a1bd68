import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { ChannelStore } from '../../ports/notifications.ts';
import { Channel } from '../../ports/notifications.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const CHANNELS_MAX = 20;

const Row = Channel.omit({ lastOutcome: true }).extend({
  lastOk: z.boolean().nullable(),
  lastMessage: z.string().nullable(),
  lastAt: z.string().nullable(),
});
const columns = sql.fragment`id, kind, title, enabled, last_ok, last_message, last_at, created_at`;

const channelOf = ({ lastOk, lastMessage, lastAt, ...channel }: z.infer<typeof Row>): Channel => ({
  ...channel,
  lastOutcome: lastOk === null ? null : { ok: lastOk, message: lastMessage ?? '', at: lastAt ?? '' },
});

const list = async (tx: Tx, scope: string): Promise<Channel[]> => {
  const rows = await tx.any(sql.type(Row)`
    SELECT ${columns} FROM notification_channels WHERE tenant_id = ${scope} ORDER BY created_at, id`);
  return rows.map(channelOf);
};

export const postgresChannels = (db: Database): ChannelStore => ({
  list: (scope) => db.inTenant(scope, (tx) => list(tx, scope)),

  add: (scope, { id, kind, title }) =>
    db.inTenant(scope, async (tx) => {
      // Counted by one at a time, or two at once would both find room for the twentieth.
      await tx.query(sql.typeAlias('nothing')`
        SELECT pg_advisory_xact_lock(hashtextextended(${`notification_channels ${scope}`}, 0))`);
      const before = await list(tx, scope);
      const same = before.find((channel) => channel.id === id);
      if (same) return same;
      if (before.length >= CHANNELS_MAX) {
        throw new Fault('conflict', `There are ${CHANNELS_MAX} channels already; remove one first.`);
      }
      return channelOf(
        await tx.one(sql.type(Row)`
          INSERT INTO notification_channels (id, tenant_id, kind, title) VALUES (${id}, ${scope}, ${kind}, ${title})
          RETURNING ${columns}`),
      );
    }),

  remove: (scope, id) =>
    db.inTenant(scope, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM notification_channels WHERE id = ${id}`);
    }),

  claim: (scope, id, key) =>
    db.inTenant(scope, async (tx) => {
      // One that was claimed and not delivered is claimed again: its attempt failed, or its process died.
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        INSERT INTO notification_deliveries AS kept (tenant_id, channel_id, key) VALUES (${scope}, ${id}, ${key})
        ON CONFLICT (tenant_id, channel_id, key) DO UPDATE SET at = now() WHERE NOT kept.delivered`);
      return rowCount > 0;
    }),

  settle: (scope, id, key, { ok, message }) =>
    db.inTenant(scope, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE notification_deliveries SET delivered = delivered OR ${ok}, at = now()
        WHERE tenant_id = ${scope} AND channel_id = ${id} AND key = ${key}`);
      await tx.query(sql.typeAlias('nothing')`
        UPDATE notification_channels SET last_ok = ${ok}, last_message = ${message}, last_at = now() WHERE id = ${id}`);
    }),

  // The addresses of people are the platform's; whose they are is narrowed here.
  addresses: (scope, { roles, users = [] }) =>
    db.inTenant(PLATFORM, async (tx) => {
      const people =
        scope === PLATFORM
          ? sql.fragment`platform_roles JOIN users ON users.id = user_id WHERE`
          : sql.fragment`memberships JOIN users ON users.id = user_id WHERE tenant_id = ${scope} AND`;
      const rows = await tx.any(sql.type(z.object({ email: z.string() }))`
        SELECT email FROM ${people} (role = ANY (${sql.array(roles, 'text')}) OR user_id = ANY (${sql.array(users, 'uuid')}))
        ORDER BY email`);
      return rows.map(({ email }) => email);
    }),
});
