import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Emulated } from '../../testing-emulated.ts';
import { emulated, idsOf } from '../../testing-emulated.ts';

let ground: Emulated;
beforeAll(async () => {
  ground = await emulated({
    connectorId: 'trello',
    credential: ({ control }) => ({
      consumer_key: 'emulated-client',
      oauth_token: control.oauth('trello').grant().accessToken,
    }),
  });
});
afterAll(async () => ground[Symbol.asyncDispose]());
beforeEach(() => ground.emulator.control.reset());

const collection = (name: string) => {
  const found = ground.emulator.control.records('trello').collections[name];
  if (!found) throw new Error(`no collection ${name}`);
  return found;
};

const BOARD = '6a26ebb3cd5f60a53a580001';
const CARD = '6a26f2fdbc520ab9f45a0001';
const refused = (status: number, body: string) =>
  ground.emulator.control.fault({ match: { path: '/trello/1/' }, kind: 'status', status, body });

test.each([
  [401, 'unauthorized permission requested', 'credential_forbidden'],
  [401, 'invalid key', 'credential_rejected'],
  [404, 'The requested resource was not found.', 'not_found'],
  [400, 'invalid id', 'not_found'],
  [400, 'invalid value for name', 'provider_rejected'],
])('a refusal in plain words is understood, and its words go no further: %i %s', async (status, words, code) => {
  refused(status, words);
  const error = await ground.scan('boards').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, providerCode: null });
  expect(String((error as Error).message)).not.toContain(words);
});

test('cards of every board are read from the newest back, in whatever order they stand there', async () => {
  collection('cards').seed(25);
  const rows = await ground.scan('cards', { limit: 4 });
  expect(idsOf(rows)).toEqual(collection('cards').ids());
  expect(rows[0]).toMatchObject({ title: expect.any(String), boardId: BOARD, done: false });
});

test('with a board named only its cards are read, and no boards are asked for', async () => {
  const rows = await ground.scan('cards', { filter: { boardId: BOARD } });
  expect(rows.length).toBeGreaterThan(3);
  expect(rows.every(({ ['boardId']: board }) => board === BOARD)).toBe(true);
  expect(ground.emulator.control.requests({ path: '/trello/1/members/me/boards' })).toEqual([]);
});

test('a board that goes during a scan has nothing, and the others are read to their end', async () => {
  const before = await ground.scan('cards');
  const rows = await ground.scan('cards', {}, (page) => {
    if (page === 1) collection('boards').remove(BOARD);
  });
  const elsewhere = (board: unknown) => board !== BOARD;
  expect(idsOf(rows.filter(({ ['boardId']: board }) => elsewhere(board)))).toEqual(
    idsOf(before.filter(({ ['boardId']: board }) => elsewhere(board))),
  );
});

test('one person on a board is a row of its own, and the write goes to that board', async () => {
  const [row] = await ground.scan('members');
  expect(row).toMatchObject({ boardId: BOARD, externalId: expect.stringMatching(`^${BOARD}\\.[0-9a-f]{24}$`) });
  const externalId = row?.externalId ?? '';
  await ground.write('members', { kind: 'update', externalId, input: { role: 'observer' } });
  expect(collection('members').writes()).toEqual([{ kind: 'update', id: externalId.split('.')[1] }]);
});

test('what is written stands in the body, and neither text nor credential in a URL', async () => {
  await ground.write('actions', { kind: 'create', input: { cardId: CARD, text: 'private-canary' } });
  await ground.write('cards', { kind: 'update', externalId: CARD, input: { text: 'private-canary' } });
  const paths = ground.emulator.control.requests().map(({ path }) => path);
  expect(paths.some((path) => path.includes('canary') || path.includes('token='))).toBe(false);
  await expect(ground.one('cards', CARD)).resolves.toMatchObject({ text: 'private-canary' });
});

test('only what is asked for under /members counts against that limit', async () => {
  const before = ground.counted().length;
  await ground.scan('cards', { filter: { boardId: BOARD }, limit: 1000 });
  await ground.scan('boards');
  expect(ground.counted().slice(before)).toEqual([
    ['token', 'key'],
    ['token', 'key', 'members'],
  ]);
});
