import { createCollection, type Kept } from '../../records/collection.ts';
import { createLimiter } from '../../records/limiter.ts';

/** The first eight digits of an id say when it was made, in seconds; so ids ascend. */
const spell = (first: number, tail: string) => (place: number) =>
  `${(first + place).toString(16).padStart(8, '0')}${tail}`;

const BOARD = spell(0x6a26ebb3, 'cd5f60a53a580001');
const LIST = spell(0x6a26ecb3, 'cd5f60a53a580010');
/** Things lie on the first two boards, by turns. */
const boardOf = (place: number): string => BOARD(place % 2);
const listOf = (place: number): string => LIST(place % 2);
const renamed = <Body extends { name: string }>(body: Body): Body => ({ ...body, name: `${body.name} again` });

export interface Board {
  name: string;
  desc: string;
  closed: boolean;
}
export interface List {
  name: string;
  closed: boolean;
  idBoard: string;
  pos: number;
}
export interface Card {
  name: string;
  desc: string;
  closed: boolean;
  due: string | null;
  dueComplete: boolean;
  idBoard: string;
  idList: string;
  pos: number;
}
export interface Action {
  type: string;
  idBoard: string;
  idCard: string;
  text: string;
}
export interface Member {
  fullName: string;
  username: string;
  idBoard: string;
  type: string;
}

export const openAccount = (now: () => number) => ({
  boards: createCollection<Board>({
    now,
    count: 3,
    spell: BOARD,
    make: (place) => ({ name: `Autumn launch ${place}`, desc: '', closed: place % 3 === 2 }),
    edit: renamed,
  }),
  lists: createCollection<List>({
    now,
    count: 6,
    spell: LIST,
    make: (place) => ({ name: 'Doing', closed: place % 3 === 2, idBoard: boardOf(place), pos: 16_384 * (place + 1) }),
    edit: renamed,
  }),
  cards: createCollection<Card>({
    now,
    count: 12,
    spell: spell(0x6a26f2fd, 'bc520ab9f45a0001'),
    make: (place) => ({
      name: 'Photo shoot',
      desc: 'Coats, 12 looks',
      closed: place % 5 === 4,
      due: place % 2 === 0 ? '2026-10-10T12:00:00.000Z' : null,
      dueComplete: false,
      idBoard: boardOf(place),
      idList: listOf(place),
      // People move cards up and down.
      pos: 16_384 * ((place * 7) % 11),
    }),
    edit: renamed,
  }),
  actions: createCollection<Action>({
    now,
    count: 8,
    spell: spell(0x6a26f5ef, '703a4e3e9ee50001'),
    make: (place) => ({
      type: place % 4 === 3 ? 'updateCard' : 'commentCard',
      idBoard: boardOf(place),
      idCard: spell(0x6a26f2fd, 'bc520ab9f45a0001')(0),
      text: `Looks good ${place}`,
    }),
    edit: (action) => ({ ...action, text: `${action.text} again` }),
  }),
  members: createCollection<Member>({
    now,
    count: 3,
    spell: spell(0x6a26eb9c, 'cef85b4074040001'),
    make: (place) => ({ fullName: 'Ana Silva', username: `anasilva${place}`, idBoard: BOARD(0), type: 'normal' }),
    edit: (member) => ({ ...member, fullName: `${member.fullName} again` }),
  }),
  limiter: createLimiter(now),
});
export type Account = ReturnType<typeof openAccount>;

const iso = (ms: number): string => new Date(ms).toISOString();
/** What a record looks like outside, where it is broken without the field that its readers count on. */
const without = (broken: boolean, name: string, item: Record<string, unknown>): Record<string, unknown> =>
  broken ? Object.fromEntries(Object.entries(item).filter(([field]) => field !== name)) : item;

export const shown = {
  board: ({ id, body, changedAt, broken }: Kept<Board>) =>
    without(broken, 'dateLastActivity', {
      id,
      ...body,
      idOrganization: '6a26ebb15b58213488fb0001',
      url: `https://trello.com/b/${id.slice(0, 8)}/autumn-launch`,
      shortUrl: `https://trello.com/b/${id.slice(0, 8)}`,
      dateLastActivity: iso(changedAt),
    }),
  list: ({ id, body, broken }: Kept<List>) =>
    without(broken, 'name', { id, ...body, subscribed: false, softLimit: null }),
  card: ({ id, body, changedAt, broken }: Kept<Card>) =>
    without(broken, 'dateLastActivity', {
      id,
      ...body,
      start: null,
      idMembers: [],
      idLabels: [],
      labels: [],
      shortLink: id.slice(0, 8),
      shortUrl: `https://trello.com/c/${id.slice(0, 8)}`,
      dateLastActivity: iso(changedAt),
    }),
  action: ({ id, body: { type, idBoard, idCard, text }, madeAt, broken }: Kept<Action>) =>
    without(broken, 'date', {
      id,
      type,
      date: iso(madeAt),
      idMemberCreator: '6a26eb9ccef85b4074040001',
      data: { board: { id: idBoard }, card: { id: idCard }, ...(type === 'commentCard' && { text }) },
    }),
  member: ({ id, body: { fullName, username }, broken }: Kept<Member>) =>
    without(broken, 'username', { id, fullName, username }),
};
