import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { text } from '../../cells.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { id, PER_BOARD, wholeOf } from './board-lists.ts';

const MEMBERSHIP = /^[0-9a-f]{24}\.[0-9a-f]{24}$/;
const pathOf = (membership: string): string => {
  const [board = '', member = ''] = membership.split('.');
  return `/boards/${board}/members/${member}`;
};

/** Who is on a board: one person on two boards is two rows, whose ids name the board and the person. */
export const members = stream({
  title: 'Members',
  ...PER_BOARD,
  text: false,
  path: '/members',
  query: {},
  items: '',
  itemsOf: (json, { filter }) =>
    z
      .array(z.looseObject({ id }))
      .parse(json)
      .map((member) => ({ ...member, membership: `${filter['board'] ?? ''}.${member.id}` })),
  paging: wholeOf('members', {}),
  id: MEMBERSHIP,
  idAt: 'membership',
  one: null,
  raw: z.object({ membership: z.string().regex(MEMBERSHIP), id, fullName: text, username: z.string() }),
  row: Row.extend({ boardId: z.string(), memberId: z.string(), name: z.string().nullable(), username: z.string() }),
  map: ({ membership, id: memberId, fullName, username }) => ({
    externalId: membership,
    modifiedAt: null,
    boardId: membership.slice(0, 24),
    memberId,
    name: fullName,
    username,
  }),
  writes: {
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ role: z.enum(['admin', 'normal', 'observer']) }),
      call: ({ input, id: of }) => ({ method: 'PUT', path: pathOf(of), body: { type: input.role } }),
    }),
    delete: deletion((of) => ({ method: 'DELETE', path: pathOf(of) })),
  },
});
