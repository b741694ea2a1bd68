import { json, type Call, type Reply } from '../../http.ts';
import type { Collection, Kept } from '../../records/collection.ts';
import { shown, type Account } from './store.ts';
import { absent, isId, text } from './text.ts';

const MOST = 1000;

export const listBoards = ({ boards }: Account, { query }: Call): Reply => {
  const filter = query.get('filter') ?? 'all';
  return json(200, boards.all().filter(isAsked(filter)).map(shown.board));
};

const isAsked =
  (filter: string) =>
  ({ body: { closed } }: Kept<{ closed: boolean }>): boolean =>
    filter === 'all' || closed === (filter === 'closed');

/** What lies on one board. */
const onBoard =
  (read: (account: Account, call: Call, board: string) => Reply) =>
  (account: Account, call: Call, board: string): Reply => {
    if (!isId(board)) return text('invalid id', 400);
    return account.boards.get(board) ? read(account, call, board) : absent();
  };

export const listLists = onBoard(({ lists }, { query }, board) => {
  const filter = query.get('filter') ?? 'open';
  const found = lists.all().filter(({ body }) => body.idBoard === board);
  return json(200, found.filter(isAsked(filter)).map(shown.list));
});

/** Cut at a thousand without any hint; the page is of the newest ones, and within it they stand as on the board. */
export const listCards = onBoard(({ cards }, { query }, board) => {
  const asked = isAsked(query.get('filter') ?? 'open');
  const page = newest(cards, query, MOST, (one) => one.body.idBoard === board && asked(one));
  return json(200, page.sort((a, b) => a.body.pos - b.body.pos).map(shown.card));
});

export const listActions = onBoard(({ actions }, { query }, board) => {
  const types = (query.get('filter') ?? 'all').split(',');
  const since = query.get('since');
  const from = since === null ? 0 : Date.parse(since);
  const page = newest(actions, query, 50, ({ id, body, madeAt }) => {
    if (body.idBoard !== board || !(types.includes('all') || types.includes(body.type))) return false;
    return since === null || (Number.isNaN(from) ? id > since : madeAt >= from);
  });
  return json(200, page.map(shown.action));
});

export const listMembers = onBoard(({ members }, _call, board) =>
  json(
    200,
    members
      .all()
      .filter(({ body }) => body.idBoard === board)
      .map(shown.member),
  ),
);

function newest<Body extends object>(
  collection: Collection<Body>,
  query: URLSearchParams,
  usual: number,
  is: (one: Kept<Body>) => boolean,
): Kept<Body>[] {
  const limit = Math.min(Math.max(Number(query.get('limit') ?? usual) || usual, 1), MOST);
  const before = query.get('before');
  return collection
    .all()
    .filter((one) => (before === null || one.id < before) && is(one))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit);
}

type Names = 'boards' | 'lists' | 'cards' | 'actions' | 'members';
const SHOWN = {
  boards: shown.board,
  lists: shown.list,
  cards: shown.card,
  actions: shown.action,
  members: shown.member,
};

export const getOne =
  (name: Names) =>
  (account: Account, _call: Call, id: string): Reply => {
    if (!isId(id)) return text('invalid id', 400);
    const found = account[name].get(id);
    return found ? json(200, SHOWN[name](found as never)) : absent();
  };
