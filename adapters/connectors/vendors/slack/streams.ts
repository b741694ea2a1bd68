import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { listAt } from '../../list-at.ts';
import { at } from '../../paths.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { byCursor, posting, reading, seconds, text } from './methods.ts';

const CHANNEL = /^[CG][A-Z0-9]{5,20}$/;
const own = { text: false, path: '', query: {}, filters: {} };
const name = z.string().regex(/^[\p{Ll}\p{Lo}\p{N}_-]{1,80}$/u);

export const channels = stream({
  title: 'Channels',
  ...own,
  model: 'channels',
  items: 'channels',
  // One that is archived is no channel any more: the list leaves it out as well.
  itemsOf: (json, { id }) => {
    if (id === undefined) return listAt(json, 'channels');
    return at(json, 'channel.is_archived') === true ? [] : [at(json, 'channel')];
  },
  paging: byCursor('conversations.list', { types: 'public_channel,private_channel', exclude_archived: 'true' }),
  id: CHANNEL,
  one: (id) => reading('conversations.info', { channel: id, include_num_members: 'true' }),
  raw: z.object({ id: z.string(), name: text, is_private: z.boolean(), num_members: z.int().nullish() }),
  map: ({ id, name: called, is_private: isPrivate, num_members: members }) => ({
    ...{ externalId: id, modifiedAt: null, name: called, private: isPrivate, members: members ?? null },
  }),
  writes: {
    create: writing({
      // Slack knows no key of ours; a second try with the same name would say that it is taken.
      safety: 'unsafe',
      input: z.strictObject({ name, private: z.boolean().default(false) }),
      call: ({ input }) => posting('conversations.create', { name: input.name, is_private: input.private }),
      receipt: z
        .object({ channel: z.object({ id: z.string() }) })
        .transform(({ channel }) => ({ externalId: channel.id, link: null })),
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ name }),
      call: ({ input, id }) => posting('conversations.rename', { channel: id, name: input.name }),
    }),
    delete: deletion((id) => posting('conversations.archive', { channel: id })),
  },
});

/** Our id of a message: `channel:ts`. A `ts` is unique in its channel alone, and is a text: as a number it loses digits. */
const partsOf = (id: string) => {
  const [channel = '', ts = ''] = id.split(':');
  return { channel, ts };
};

export const messages = stream({
  title: 'Messages',
  ...own,
  model: 'messages',
  per: { stream: 'channels', filter: 'channelId' },
  filters: { channelId: { param: 'channel', like: CHANNEL } },
  items: 'messages',
  itemsOf: (json, { filter, id }) => {
    const channel = id === undefined ? filter['channel'] : partsOf(id).channel;
    return listAt(json, 'messages').map((message) => ({
      ...(message as object),
      id: `${channel ?? ''}:${String(at(message, 'ts'))}`,
      channel,
    }));
  },
  paging: {
    ...byCursor('conversations.history', {}),
    // What an app that is sold outside Slack's Marketplace gets; others get as many.
    sizeMax: 15,
    call: ({ limit, position, sinceMs, filter }) =>
      reading('conversations.history', {
        ...filter,
        limit: String(limit),
        ...(position !== null && { cursor: position }),
        ...(sinceMs !== null && { oldest: (sinceMs / 1000).toFixed(6) }),
      }),
    since: { finds: 'created', lookBackMs: 60_000 },
  },
  id: /^[CG][A-Z0-9]{5,20}:\d{1,12}\.\d{1,8}$/,
  one: (id) => {
    const { channel, ts } = partsOf(id);
    return reading('conversations.history', { channel, oldest: ts, latest: ts, inclusive: 'true', limit: '1' });
  },
  raw: z.object({
    ...{ id: z.string(), channel: z.string(), ts: seconds, text },
    ...{ user: z.string().nullish(), bot_id: z.string().nullish(), edited: z.object({ ts: seconds }).nullish() },
  }),
  map: ({ id, channel, ts, text: words, user, bot_id: bot, edited }) => ({
    ...{ externalId: id, modifiedAt: edited?.ts ?? ts, text: words, channelId: channel, sentAt: ts },
    authorId: user ?? bot ?? null,
  }),
  writes: {
    create: writing({
      safety: 'unsafe',
      input: z.strictObject({
        channelId: z.string().regex(CHANNEL),
        text: z.string().min(1).max(40_000),
        threadId: z
          .string()
          .regex(/^\d{1,12}\.\d{1,8}$/)
          .optional(),
      }),
      call: ({ input: { channelId, text: words, threadId } }) =>
        posting('chat.postMessage', { channel: channelId, text: words, thread_ts: threadId }),
      receipt: z
        .object({ channel: z.string(), ts: z.string() })
        .transform(({ channel, ts }) => ({ externalId: `${channel}:${ts}`, link: null })),
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ text: z.string().min(1).max(40_000) }),
      call: ({ input, id }) => posting('chat.update', { ...partsOf(id), text: input.text }),
    }),
    delete: deletion((id) => posting('chat.delete', partsOf(id))),
  },
});

export const users = stream({
  title: 'Users',
  ...own,
  items: 'members',
  paging: byCursor('users.list', {}),
  id: /^[UW][A-Z0-9]{5,20}$/,
  one: (id) => reading('users.info', { user: id }),
  item: 'user',
  raw: z.object({
    ...{ id: z.string(), name: text, deleted: z.boolean(), is_bot: z.boolean().nullish(), tz: z.string().nullish() },
    updated: seconds.nullish(),
    profile: z.object({ real_name: text.nullish(), email: z.string().nullish() }),
  }),
  row: Row.extend({
    ...{ name: z.string(), handle: z.string(), email: z.string().nullable(), timezone: z.string().nullable() },
    ...{ bot: z.boolean(), active: z.boolean() },
  }),
  map: ({ id, name: handle, deleted, is_bot: bot, tz, updated, profile }) => ({
    ...{ externalId: id, modifiedAt: updated ?? null, handle, bot: bot ?? false, active: !deleted },
    ...{ name: profile.real_name ?? handle, email: profile.email ?? null, timezone: tz ?? null },
  }),
});

export const files = stream({
  title: 'Files',
  ...own,
  items: 'files',
  paging: {
    kind: 'pages',
    sizeMax: 1000,
    call: ({ limit, position, sinceMs }) =>
      reading('files.list', {
        count: String(limit),
        page: position ?? '1',
        ...(sinceMs !== null && { ts_from: String(Math.floor(sinceMs / 1000)) }),
      }),
    next: {
      kind: 'told',
      by: (json) => {
        const [page, pages] = [Number(at(json, 'paging.page')), Number(at(json, 'paging.pages'))];
        return page < pages ? String(page + 1) : null;
      },
    },
    since: { finds: 'created', lookBackMs: 60_000 },
    // Pages are counted from the newest one: when one goes meanwhile, another slips past.
    complete: false,
  },
  id: /^F[A-Z0-9]{5,20}$/,
  one: (id) => reading('files.info', { file: id }),
  item: 'file',
  raw: z.object({
    ...{ id: z.string(), name: text, mimetype: z.string().nullish(), size: z.int(), created: seconds },
    ...{ user: z.string().nullish(), url_private: z.string().nullish() },
  }),
  row: Row.extend({
    ...{ name: z.string(), contentType: z.string().nullable(), bytes: z.number(), authorId: z.string().nullable() },
    ...{ createdAt: z.string(), link: z.string().nullable() },
  }),
  map: ({ id, name: called, mimetype, size, created, user, url_private: link }) => ({
    ...{ externalId: id, modifiedAt: null, name: called, contentType: mimetype ?? null, bytes: size },
    ...{ authorId: user ?? null, createdAt: created, link: link ?? null },
  }),
  writes: { delete: deletion((id) => posting('files.delete', { file: id })) },
});
