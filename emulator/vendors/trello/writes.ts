import { json, jsonBody, record, type Call, type Reply } from '../../http.ts';
import type { Collection, Kept } from '../../records/collection.ts';
import { shown, type Account } from './store.ts';
import { absent, isId, text } from './text.ts';

/** Parameters come in the query or as JSON. */
const given = (call: Call): Record<string, unknown> => ({
  ...Object.fromEntries(call.query),
  ...record(jsonBody(call)),
});
const word = (value: unknown): string => (typeof value === 'string' ? value : '');
const yes = (value: unknown): boolean => value === true || value === 'true';
const kept = <Body extends object>(values: Record<string, unknown>, body: Body): Body => ({
  ...body,
  ...Object.fromEntries(Object.entries(values).filter(([name]) => name in body)),
});

const changed =
  <Body extends { closed?: boolean }>(of: (account: Account) => Collection<Body>, show: (one: Kept<Body>) => unknown) =>
  (account: Account, call: Call, id: string): Reply => {
    const held = of(account).get(id);
    if (!held) return isId(id) ? absent() : text('invalid id', 400);
    const values = given(call);
    if ('name' in values && word(values['name']) === '') return text('invalid value for name', 400);
    const body = kept(values, held.body);
    return json(
      200,
      show(
        of(account).update(held, { ...body, closed: 'closed' in values ? yes(values['closed']) : held.body.closed }),
      ),
    );
  };
const removed =
  <Body extends object>(of: (account: Account) => Collection<Body>) =>
  (account: Account, _call: Call, id: string): Reply => {
    if (!isId(id)) return text('invalid id', 400);
    return of(account).remove(id) ? json(200, { _value: null }) : absent();
  };

export const createBoard = ({ boards }: Account, call: Call): Reply => {
  const name = word(given(call)['name']);
  if (name === '') return text('invalid value for name', 400);
  return json(200, shown.board(boards.create({ name, desc: word(given(call)['desc']), closed: false })));
};
export const updateBoard = changed(({ boards }) => boards, shown.board);
export const deleteBoard = removed(({ boards }) => boards);

export const createList = ({ lists, boards }: Account, call: Call): Reply => {
  const { name, idBoard } = given(call);
  if (word(name) === '') return text('invalid value for name', 400);
  if (!boards.get(word(idBoard))) return text('invalid value for idBoard', 400);
  return json(200, shown.list(lists.create({ name: word(name), idBoard: word(idBoard), closed: false, pos: 1 })));
};
export const updateList = changed(({ lists }) => lists, shown.list);
/** A list is never deleted: it is closed. */
export const closeList = ({ lists }: Account, call: Call, id: string): Reply => {
  const held = lists.get(id);
  if (!held) return absent();
  return json(200, shown.list(lists.update(held, { ...held.body, closed: yes(given(call)['value']) })));
};

export const createCard = ({ cards, lists }: Account, call: Call): Reply => {
  const { name, desc, idList, due } = given(call);
  const list = lists.get(word(idList));
  if (!list) return text('invalid value for idList', 400);
  const card = {
    name: word(name),
    desc: word(desc),
    closed: false,
    due: word(due) || null,
    dueComplete: false,
    idBoard: list.body.idBoard,
    idList: list.id,
    pos: 1,
  };
  return json(200, shown.card(cards.create(card)));
};
export const updateCard = changed(({ cards }) => cards, shown.card);
export const deleteCard = removed(({ cards }) => cards);

export const createComment = ({ actions, cards }: Account, call: Call, id: string): Reply => {
  const card = cards.get(id);
  if (!card) return absent();
  const comment = word(given(call)['text']);
  if (comment === '') return text('invalid value for text', 400);
  const { idBoard } = card.body;
  return json(200, shown.action(actions.create({ type: 'commentCard', idBoard, idCard: id, text: comment })));
};
/** What happened cannot be changed; what was said can. */
export const updateComment = ({ actions }: Account, call: Call, id: string): Reply => {
  const held = actions.get(id);
  if (!held) return absent();
  if (held.body.type !== 'commentCard') return text('invalid action type', 400);
  return json(200, shown.action(actions.update(held, { ...held.body, text: word(given(call)['text']) })));
};
export const deleteComment = ({ actions }: Account, _call: Call, id: string): Reply => {
  const held = actions.get(id);
  if (!held) return absent();
  if (held.body.type !== 'commentCard') return text('invalid action type', 400);
  actions.remove(id);
  return json(200, { _value: null });
};

export const updateMember = ({ members }: Account, call: Call, board: string, id: string): Reply => {
  const held = members.get(id);
  if (held?.body.idBoard !== board) return absent();
  const type = word(given(call)['type']);
  if (!['admin', 'normal', 'observer'].includes(type)) return text('invalid value for type', 400);
  members.update(held, { ...held.body, type });
  return json(200, { id: board, members: [shown.member(held)] });
};
export const deleteMember = ({ members }: Account, _call: Call, board: string, id: string): Reply => {
  if (members.get(id)?.body.idBoard !== board) return absent();
  members.remove(id);
  return json(200, { id: board, members: [] });
};
