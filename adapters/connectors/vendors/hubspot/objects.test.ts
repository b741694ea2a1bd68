import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Emulated } from '../../testing-emulated.ts';
import { emulated, idsOf } from '../../testing-emulated.ts';

let ground: Emulated;
beforeAll(async () => {
  ground = await emulated({
    connectorId: 'hubspot',
    credential: ({ control }) => ({ access_token: control.oauth('hubspot').grant().accessToken }),
  });
});
afterAll(async () => ground[Symbol.asyncDispose]());
beforeEach(() => ground.emulator.control.reset());

const collection = (name: string) => {
  const found = ground.emulator.control.records('hubspot').collections[name];
  if (!found) throw new Error(`no collection ${name}`);
  return found;
};

const POSTS = { path: '/hubspot/crm/objects/2026-09', method: 'POST' };
const paths = () => ground.emulator.control.requests(POSTS).map(({ path }) => path.split('2026-09/')[1]);

test('a contact whose making was not answered is found by its address, among the records and not in the search’s index', async () => {
  const action = { kind: 'create' as const, input: { email: 'nora@example.com', firstName: 'Nora' } };
  await expect(ground.probe('contacts', action)).resolves.toBeNull();
  ground.emulator.control.fault({ match: POSTS, kind: 'drop-after' });
  await expect(ground.write('contacts', action)).rejects.toMatchObject({ code: 'provider_down' });
  const [made] = collection('contacts').writes();
  await expect(ground.probe('contacts', action)).resolves.toEqual({ externalId: made?.id, link: null });
  await expect(ground.write('contacts', action)).rejects.toMatchObject({ code: 'conflict' });
  expect(paths()).toEqual(['contacts/batch/read', 'contacts', 'contacts/batch/read', 'contacts']);
});

test('a deal, which has nothing to be known by, is not made twice on a guess', async () => {
  ground.emulator.control.fault({ match: POSTS, kind: 'drop-after' });
  const action = { kind: 'create' as const, input: { name: 'Autumn order' } };
  await expect(ground.write('deals', action)).rejects.toMatchObject({ code: 'outcome_unknown' });
  expect(collection('deals').writes()).toHaveLength(1);
});

test('what has a name of ours is written under theirs, and the rest as it is given', async () => {
  const input = { subject: 'Late', text: 'Box 3', stage: '1', native: { hubspot_owner_id: '4401' } };
  const { externalId } = await ground.write('tickets', { kind: 'create', input });
  await expect(ground.one('tickets', externalId)).resolves.toMatchObject({
    subject: 'Late',
    text: 'Box 3',
    stage: '1',
  });
  const update = ground.write('tickets', { kind: 'update', externalId, input: { native: { nonsense: 1 } } });
  await expect(update).rejects.toMatchObject({
    code: 'provider_rejected',
    fields: [{ path: 'nonsense', message: expect.any(String) }],
  });
});

test('changes of any object are asked by the property that dates it', async () => {
  const since = new Date().toISOString();
  const [, changed = ''] = collection('companies').ids();
  collection('companies').touch(changed);
  expect(idsOf(await ground.scan('companies', { since }))).toEqual([changed]);
  await expect(ground.scan('deals', { filter: { stage: 'nowhere' }, since })).resolves.toEqual([]);
});

test('only searches count against the limit of searches', async () => {
  const before = ground.counted().length;
  await ground.scan('companies', { limit: 100 });
  await ground.scan('companies', { limit: 100, since: new Date().toISOString() });
  expect(ground.counted().slice(before)).toEqual([['calls'], ['calls', 'search']]);
});
