import { z } from 'zod';
import { moment, native, reference, text, title } from '../../cells.ts';
import { stream } from '../../streams.ts';
import { backwardsOf, ID, id, PER_BOARD, removal, writes } from './board-lists.ts';

const card = z
  .strictObject({
    title: z.string().min(1).max(16_384),
    text: z.string().max(16_384),
    listId: id,
    dueAt: z.iso.datetime({ offset: true }).nullable(),
    done: z.boolean(),
    closed: z.boolean(),
    native,
  })
  .partial();

export const cards = stream({
  title: 'Cards',
  ...PER_BOARD,
  text: true,
  path: '/cards',
  query: {},
  items: '',
  paging: backwardsOf('cards', { filter: 'all' }),
  id: ID,
  raw: z.object({
    ...{ id, name: title, desc: title, idBoard: reference, idList: reference, shortUrl: text },
    ...{ due: moment.nullish(), dueComplete: z.boolean().nullish(), dateLastActivity: moment },
  }),
  model: 'cards',
  map: ({ id: externalId, dateLastActivity, name, desc, idList, idBoard, due, dueComplete, shortUrl }) => ({
    externalId,
    modifiedAt: dateLastActivity,
    title: name,
    text: desc,
    listId: idList,
    boardId: idBoard,
    dueAt: due ?? null,
    done: dueComplete ?? false,
    link: shortUrl,
  }),
  writes: {
    ...writes({
      path: '/cards',
      names: { title: 'name', text: 'desc', listId: 'idList', dueAt: 'due', done: 'dueComplete' },
      create: card.omit({ closed: true }).required({ title: true, listId: true }),
      update: card,
    }),
    delete: removal('/cards'),
  },
});
