import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { moment, native, reference, text, title } from '../../cells.ts';
import { stream } from '../../streams.ts';
import { writing } from '../../writes.ts';
import { backwardsOf, ID, id, PER_BOARD, receipt, removal, wholeOf, writes } from './board-lists.ts';

const words = z.string().min(1).max(16_384);
const BOARD_FIELDS = { fields: 'id,name,desc,closed,idOrganization,url,shortUrl,dateLastActivity' };
const board = z.strictObject({ name: words, text: z.string().max(16_384), closed: z.boolean(), native }).partial();

export const boards = stream({
  title: 'Boards',
  text: false,
  path: '/boards',
  query: BOARD_FIELDS,
  filters: {},
  items: '',
  paging: {
    kind: 'pages',
    sizeMax: 1000,
    call: () => ({
      path: '/members/me/boards',
      query: { ...BOARD_FIELDS, filter: 'all' },
      limit: 'members',
    }),
    next: { kind: 'none' },
  },
  id: ID,
  // A board on which nothing has happened says null.
  raw: z.object({ id, name: title, closed: z.boolean(), shortUrl: text, dateLastActivity: moment.nullable() }),
  model: 'boards',
  map: ({ id: externalId, name, closed, shortUrl, dateLastActivity }) => ({
    externalId,
    modifiedAt: dateLastActivity,
    name,
    link: shortUrl,
    closed,
  }),
  writes: {
    ...writes({
      path: '/boards',
      names: { text: 'desc' },
      create: board.omit({ closed: true }).required({ name: true }),
      update: board,
    }),
    delete: removal('/boards'),
  },
});

const list = z.strictObject({ name: words, boardId: id, closed: z.boolean(), native }).partial();

/** Lists are never deleted: they are closed. */
export const lists = stream({
  title: 'Lists',
  ...PER_BOARD,
  text: false,
  path: '/lists',
  query: {},
  items: '',
  paging: wholeOf('lists', { filter: 'all' }),
  id: ID,
  raw: z.object({ id, name: z.string(), closed: z.boolean(), idBoard: reference }),
  model: 'lists',
  map: ({ id: externalId, name, closed, idBoard }) => ({
    externalId,
    modifiedAt: null,
    name,
    boardId: idBoard,
    closed,
  }),
  writes: writes({
    path: '/lists',
    names: { boardId: 'idBoard' },
    create: list.omit({ closed: true }).required({ name: true, boardId: true }),
    update: list.omit({ boardId: true }),
  }),
});

const ACTION_TYPES = 'createCard,updateCard,commentCard,deleteCard';

/** What happened, which nobody changes; and what was said, which can be written. */
export const actions = stream({
  title: 'Actions',
  ...PER_BOARD,
  text: false,
  path: '/actions',
  query: {},
  items: '',
  paging: backwardsOf(
    'actions',
    { filter: ACTION_TYPES },
    {
      asked: ({ sinceMs }) => (sinceMs === null ? {} : { since: new Date(sinceMs).toISOString() }),
      since: { finds: 'created', lookBackMs: 60_000 },
    },
  ),
  id: ID,
  raw: z.object({
    id,
    type: z.string(),
    date: moment,
    idMemberCreator: reference,
    data: z.object({
      text,
      card: z.object({ id }).nullish(),
      board: z.object({ id }).nullish(),
    }),
  }),
  row: Row.extend({
    type: z.string(),
    text: z.string().nullable(),
    cardId: z.string().nullable(),
    boardId: z.string().nullable(),
    authorId: z.string().nullable(),
    happenedAt: z.string(),
  }),
  map: ({ id: externalId, type, date, idMemberCreator, data }) => ({
    externalId,
    modifiedAt: date,
    type,
    text: data.text,
    cardId: data.card?.id ?? null,
    boardId: data.board?.id ?? null,
    authorId: idMemberCreator,
    happenedAt: date,
  }),
  writes: {
    create: writing({
      safety: 'unsafe',
      input: z.strictObject({ cardId: id, text: words }),
      call: ({ input }) => ({
        method: 'POST',
        path: `/cards/${input.cardId}/actions/comments`,
        body: { text: input.text },
      }),
      receipt,
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ text: words }),
      call: ({ input, id: of }) => ({ method: 'PUT', path: `/actions/${of}`, body: input }),
      receipt,
    }),
    delete: removal('/actions'),
  },
});
