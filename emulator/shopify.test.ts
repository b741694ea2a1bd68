import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from './server.ts';

const emulator = createEmulator();
beforeAll(() => emulator.listen());
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

interface Answer {
  data: Record<string, Record<string, unknown>>;
  errors: { message: string; path?: string[]; extensions: { code: string } }[];
  extensions: { cost: { throttleStatus: { currentlyAvailable: number } }; search: { warnings: { field: string }[] }[] };
}

const ask = async (query: string, variables: object = {}, token = 'shpat_emulated'): Promise<Answer> => {
  const answer = await fetch(`${emulator.url}/shopify/kornblume.myshopify.com/admin/api/2026-07/graphql.json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-shopify-access-token': token },
    body: JSON.stringify({ query, variables }),
  });
  // Whatever is wrong with the question.
  expect([answer.status, answer.headers.get('x-shopify-api-version')]).toEqual([200, '2026-07']);
  return (await answer.json()) as Answer;
};
const codes = ({ errors }: Answer) => errors.map(({ extensions: { code } }) => code);

test('an answer holds what was asked for, under the names that were asked for, and nothing else', async () => {
  const { data } = await ask(
    'query($n: Int!, $q: String) { few: products(first: $n, query: $q, sortKey: UPDATED_AT, reverse: true) { nodes { title variants(first: 1) { nodes { sku } } } pageInfo { hasNextPage } } }',
    { n: 1, q: "vendor:'Ferro'" },
  );
  expect(data).toEqual({
    few: { nodes: [{ title: 'Apron', variants: { nodes: [{ sku: 'OB-6' }] } }], pageInfo: { hasNextPage: true } },
  });
  expect(codes(await ask('{ products(first: 1) { nodes { colour } } }'))).toEqual(['undefinedField']);
  expect(codes(await ask('{ products(first: 1 { nodes { id } } }'))).toEqual(['parseError']);
});

test('a filter that it does not know is ignored, and only a warning says so; so is a time that is not quoted', async () => {
  for (const q of ['colour:red', 'updated_at:>2999-01-01T00:00:00Z']) {
    const { data, extensions } = await ask('query($q:String){orders(first:250,query:$q){nodes{id}}}', { q });
    expect(data['orders']?.['nodes']).toHaveLength(5);
    expect(extensions.search[0]?.warnings).toHaveLength(1);
  }
  const { data } = await ask(`{orders(first:250,query:"updated_at:>'2999-01-01T00:00:00Z'"){nodes{id}}}`);
  expect(data['orders']?.['nodes']).toEqual([]);
});

test('pages hold no more than 250, one list no more than 25,000, one question no more than 1000 points', async () => {
  expect(codes(await ask('{customers(first:251){nodes{id}}}'))).toEqual(['BAD_REQUEST']);
  const after = Buffer.from(JSON.stringify({ value: 0, id: 0, read: 24_999 })).toString('base64');
  const far = 'query($after:String){customers(first:5,after:$after){nodes{id}}}';
  expect(codes(await ask(far, { after }))).toEqual(['BAD_REQUEST']);
  const many = Array.from({ length: 5 }, (_, at) => `a${at}:orders(first:250){nodes{id}}`).join(' ');
  expect(codes(await ask(`{${many}}`))).toEqual(['MAX_COST_EXCEEDED']);
});

test('points come off the bucket, and an empty one throttles with status 200', async () => {
  emulator.control.records('shopify').limiter.set({ units: 20, perMs: 60_000 });
  const question = '{customers(first:10){nodes{id}}}';
  const left = (await ask(question)).extensions.cost.throttleStatus.currentlyAvailable;
  expect(left).toBe(9);
  expect(codes(await ask(question))).toEqual(['THROTTLED']);
});

test('who was granted little is refused field by field, and who may write may read', async () => {
  const { accessToken } = emulator.control.oauth('shopify').grant({ scopes: ['write_orders'] });
  const { data, errors } = await ask('{orders(first:1){nodes{id}} products(first:1){nodes{id}}}', {}, accessToken);
  expect([data['products'], errors[0]?.path]).toEqual([null, ['products']]);
  expect(data['orders']?.['nodes']).toHaveLength(1);
});

test('a change that is refused is a good answer with its reason inside, and nothing has changed', async () => {
  const create =
    'mutation($input:CustomerInput!){customerCreate(input:$input){customer{id} userErrors{field message}}}';
  const { data } = await ask(create, { input: { email: 'guest0@example.com' } });
  expect(data['customerCreate']).toEqual({
    customer: null,
    userErrors: [{ field: ['email'], message: 'Email has already been taken' }],
  });
  expect(emulator.control.records('shopify').collections['customers']?.writes()).toEqual([]);
});
