import { createCollection, type Kept } from '../../records/collection.ts';

const number = (place: number): string => String(place).padStart(6, '0');
const channelAt = (place: number): string => `C024E${number(place)}`;
const seconds = (at: number): number => Math.floor(at / 1000);

/** What a workspace holds. A message is known by its channel and its `ts`, which is when it was written. */
export function createWorkspace(now: () => number) {
  const firstAt = now() - 3_600_000;
  let posted: { channel: string } | undefined;
  let writtenAt: number | undefined;

  const channels = createCollection({
    now,
    count: 4,
    spell: channelAt,
    make: (place) => ({
      name: `team-${place}`,
      is_private: false,
      is_archived: false,
      is_member: place % 4 !== 3,
      num_members: 3 + place,
    }),
    edit: (body) => ({ ...body, name: `${body.name}-renamed` }),
  });
  const users = createCollection({
    now,
    count: 5,
    spell: (place) => `U012A${number(place)}`,
    make: (place) => ({
      ...{ team_id: 'T012AB3C4', name: `ana${place}`, deleted: false, is_bot: false, tz: 'Europe/Lisbon' },
      profile: { real_name: `Ana Lima ${place}`, display_name: `ana${place}`, email: `ana${place}@example.com` },
    }),
    edit: (body) => ({ ...body, profile: { ...body.profile, real_name: `${body.profile.real_name} (edited)` } }),
  });
  const messages = createCollection({
    now,
    count: 12,
    times: (place) => {
      writtenAt = firstAt + place * 1000;
      return { madeAt: writtenAt, changedAt: writtenAt };
    },
    spell: (place) => {
      const ts = `${seconds(writtenAt ?? now())}.${number(place)}`;
      const id = `${posted?.channel ?? channelAt(place % 2)}:${ts}`;
      writtenAt = undefined;
      posted = undefined;
      return id;
    },
    make: (place) => ({ user: `U012A${number(place % 3)}`, text: `Hello ${place}`, edited: null as string | null }),
    edit: (body) => ({ ...body, text: `${body.text} (edited)` }),
  });
  const files = createCollection({
    now,
    count: 4,
    spell: (place) => `F0S43${number(place)}`,
    make: (place) => ({
      name: `report-${place}.pdf`,
      mimetype: 'application/pdf',
      size: 137_531 + place,
      user: 'U012A000000',
    }),
    edit: (body) => ({ ...body, name: `edited-${body.name}` }),
  });

  return {
    channels,
    users,
    messages,
    files,
    post(channel: string, user: string, text: string) {
      posted = { channel };
      return messages.create({ user, text, edited: null });
    },
    /** Of one channel, the newest first. */
    history: (channel: string): Kept<ReturnType<typeof messages.all>[number]['body']>[] =>
      messages
        .all()
        .filter(({ id }) => id.startsWith(`${channel}:`))
        .reverse(),
  };
}
export type Workspace = ReturnType<typeof createWorkspace>;

export const tsOf = (id: string): string => id.split(':')[1] ?? '';

export const shownChannel = ({ id, body, madeAt, broken }: ReturnType<Workspace['channels']['all']>[number]) => ({
  ...{ id, is_channel: true, created: seconds(madeAt), topic: { value: '' }, ...body },
  ...(broken && { name: undefined }),
});
export const shownUser = ({ id, body, changedAt, broken }: ReturnType<Workspace['users']['all']>[number]) => ({
  ...{ id, updated: seconds(changedAt), ...body },
  ...(broken && { name: undefined, profile: undefined }),
});
export const shownMessage = ({ id, body, broken }: ReturnType<Workspace['messages']['all']>[number]) => ({
  ...{ type: 'message', user: body.user, text: broken ? undefined : body.text, ts: tsOf(id), team: 'T012AB3C4' },
  ...(body.edited && { edited: { user: body.user, ts: body.edited } }),
});
export const shownFile = ({ id, body, madeAt, broken }: ReturnType<Workspace['files']['all']>[number]) => ({
  ...{ id, created: seconds(madeAt), url_private: `https://files.slack.com/files-pri/T1-${id}/${body.name}`, ...body },
  ...(broken && { name: undefined, created: undefined }),
});
