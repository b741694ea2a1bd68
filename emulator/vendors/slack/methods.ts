import type { Call, Reply } from '../../http.ts';
import { argsOf, failed, ok, paged } from './answers.ts';
import { shownChannel, shownFile, shownMessage, shownUser, tsOf, type Workspace } from './workspace.ts';

interface Method {
  /** The scope without which it answers `missing_scope`. */
  scope: string;
  writes?: true;
  act: (args: Record<string, string>) => Reply;
}

const HISTORY_MAX = 15;
const BOT_USER = 'U0KRQLJ9H';
const nextOf = (next: string) => ({ response_metadata: { next_cursor: next } });

export function createMethods(work: Workspace, now: () => number): Record<string, Method> {
  const { channels, users, messages, files } = work;
  const inChannel = (id: string, act: () => Reply): Reply => {
    const channel = channels.get(id);
    if (!channel) return failed('channel_not_found');
    return channel.body.is_member ? act() : failed('not_in_channel');
  };
  const ofMessage = (
    channel: string,
    ts: string,
    act: (found: NonNullable<ReturnType<typeof messages.get>>) => Reply,
  ): Reply =>
    inChannel(channel, () => {
      const found = messages.get(`${channel}:${ts}`);
      return found ? act(found) : failed('message_not_found');
    });

  return {
    'conversations.list': {
      scope: 'channels:read',
      act: (args) => {
        const types = (args['types'] ?? 'public_channel').split(',');
        const shown = channels
          .all()
          .filter(({ body }) => types.includes(body.is_private ? 'private_channel' : 'public_channel'))
          .filter(({ body }) => args['exclude_archived'] !== 'true' || !body.is_archived);
        const found = paged(shown, args, 1000);
        return found ? ok({ channels: found.page.map(shownChannel), ...nextOf(found.next) }) : failed('invalid_cursor');
      },
    },
    'conversations.info': {
      scope: 'channels:read',
      act: ({ channel = '' }) => {
        const found = channels.get(channel);
        return found ? ok({ channel: shownChannel(found) }) : failed('channel_not_found');
      },
    },
    'conversations.create': {
      scope: 'channels:manage',
      writes: true,
      act: ({ name = '', is_private: isPrivate }) => {
        if (!/^[\w-]{1,80}$/.test(name) || name !== name.toLowerCase()) return failed('invalid_name_specials');
        if (channels.all().some(({ body }) => body.name === name)) return failed('name_taken');
        const body = { name, is_private: isPrivate === 'true', is_archived: false, is_member: true, num_members: 1 };
        return ok({ channel: shownChannel(channels.create(body)) });
      },
    },
    'conversations.rename': {
      scope: 'channels:manage',
      writes: true,
      act: ({ channel = '', name = '' }) => {
        const found = channels.get(channel);
        if (!found) return failed('channel_not_found');
        return ok({ channel: shownChannel(channels.update(found, { ...found.body, name })) });
      },
    },
    'conversations.archive': {
      scope: 'channels:manage',
      writes: true,
      act: ({ channel = '' }) => {
        const found = channels.get(channel);
        if (!found) return failed('channel_not_found');
        if (found.body.is_archived) return failed('already_archived');
        channels.retire(found, { ...found.body, is_archived: true });
        return ok({});
      },
    },
    'conversations.history': {
      scope: 'channels:history',
      act: (args) =>
        inChannel(args['channel'] ?? '', () => {
          const { oldest = '0', latest = '9999999999', inclusive, cursor = '', limit = '15' } = args;
          const mark = Buffer.from(cursor, 'base64').toString('utf8');
          if (cursor !== '' && !mark.startsWith('next_ts:')) return failed('invalid_cursor');
          const before = cursor === '' ? null : mark.slice('next_ts:'.length);
          const [from, to] = [Number(oldest), Number(latest)];
          const fits = work.history(args['channel'] ?? '').filter(({ id }) => {
            const ts = Number(tsOf(id));
            const inside = inclusive === 'true' || inclusive === '1' ? ts >= from && ts <= to : ts > from && ts < to;
            return inside && (before === null || tsOf(id) < before);
          });
          const page = fits.slice(0, Math.min(Math.max(Number(limit) || 0, 1), HISTORY_MAX));
          const more = fits.length > page.length;
          const next = more ? Buffer.from(`next_ts:${tsOf(page.at(-1)?.id ?? '')}`).toString('base64') : '';
          return ok({ messages: page.map(shownMessage), has_more: more, pin_count: 0, ...nextOf(next) });
        }),
    },
    'chat.postMessage': {
      scope: 'chat:write',
      writes: true,
      act: ({ channel = '', text = '' }) =>
        inChannel(channel, () => {
          if (text === '') return failed('no_text');
          const made = work.post(channel, BOT_USER, text);
          return ok({ channel, ts: tsOf(made.id), message: shownMessage(made) });
        }),
    },
    'chat.update': {
      scope: 'chat:write',
      writes: true,
      act: ({ channel = '', ts = '', text = '' }) =>
        ofMessage(channel, ts, (found) => {
          const edited = `${Math.floor(now() / 1000)}.000000`;
          messages.update(found, { ...found.body, text, edited });
          return ok({ channel, ts, text });
        }),
    },
    'chat.delete': {
      scope: 'chat:write',
      writes: true,
      act: ({ channel = '', ts = '' }) =>
        ofMessage(channel, ts, ({ id }) => {
          messages.remove(id);
          return ok({ channel, ts });
        }),
    },
    'users.list': {
      scope: 'users:read',
      act: (args) => {
        const found = paged(users.all(), args, 1000);
        return found ? ok({ members: found.page.map(shownUser), ...nextOf(found.next) }) : failed('invalid_cursor');
      },
    },
    'users.info': {
      scope: 'users:read',
      act: ({ user = '' }) => {
        const found = users.get(user);
        return found ? ok({ user: shownUser(found) }) : failed('user_not_found');
      },
    },
    'files.list': {
      scope: 'files:read',
      act: ({ count = '100', page = '1', ts_from: from = '0' }) => {
        const size = Math.min(Math.max(Number(count) || 0, 1), 1000);
        const at = Math.max(Number(page) || 0, 1);
        const all = files
          .all()
          .reverse()
          .filter(({ madeAt }) => Math.floor(madeAt / 1000) >= Number(from));
        const shown = all.slice((at - 1) * size, at * size).map(shownFile);
        return ok({
          files: shown,
          paging: { count: size, total: all.length, page: at, pages: Math.ceil(all.length / size) },
        });
      },
    },
    'files.info': {
      scope: 'files:read',
      act: ({ file = '' }) => {
        const found = files.get(file);
        return found ? ok({ file: shownFile(found) }) : failed('file_not_found');
      },
    },
    'files.delete': {
      scope: 'files:write',
      writes: true,
      act: ({ file = '' }) => (files.remove(file) ? ok({}) : failed('file_not_found')),
    },
  };
}

export const answerOf =
  (methods: Record<string, Method>) =>
  (name: string, scopes: string[], call: Call): Reply | undefined => {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) return undefined;
    if (!scopes.includes(method.scope))
      return failed('missing_scope', { needed: method.scope, provided: scopes.join(',') });
    return method.act(argsOf(call, method.writes));
  };
