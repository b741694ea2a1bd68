import { describe, expect, test } from '@jest/globals';
import { parseJson, parseLargeJson } from './json.ts';

const READERS: [string, (body: Buffer) => Promise<unknown>][] = [
  ['a small body', async (body) => parseJson(body)],
  ['a large body', (body) => parseLargeJson(body)],
];
const read = (by: (body: Buffer) => Promise<unknown>, text: string) => by(Buffer.from(text));

describe.each(READERS)('%s', (_name, by) => {
  test.each([
    ['9007199254740993', '9007199254740993'],
    ['[-9007199254740993,9007199254740991]', ['-9007199254740993', 9_007_199_254_740_991]],
    [
      '{"id":12345678901234567890,"price":1234567890123456.75}',
      { id: '12345678901234567890', price: 1234567890123456.75 },
    ],
    ['{"text":"9007199254740993","n":0.1234567890123456789}', { text: '9007199254740993', n: 0.12345678901234568 }],
  ])('C52: in %s no digit of a whole number is lost', async (text, value) => {
    await expect(read(by, text)).resolves.toEqual(value);
  });

  test.each([
    '{"__proto__":{"admin":true},"a":1}',
    '{"\\u005f_proto__":{"admin":true},"a":1}',
    '[{"x":{"__proto__":[]}}]',
  ])('C52: %s changes no prototype, however it is copied', async (text) => {
    const value = await read(by, text);
    expect(JSON.stringify(value)).not.toContain('__proto__');
    expect('admin' in Object.assign({}, value)).toBe(false);
  });

  test('C52: `__proto__` as a value is a text like any other', async () => {
    await expect(read(by, '{"a":"__proto__","b":["__proto__"]}')).resolves.toEqual({
      a: '__proto__',
      b: ['__proto__'],
    });
  });

  test.each([
    ['a list', '['.repeat(101) + ']'.repeat(101)],
    ['an object', '{"a":'.repeat(101) + '1' + '}'.repeat(101)],
    ['a bomb', '['.repeat(200_000)],
  ])('C52: %s nested deeper than anything honest is refused', async (_what, text) => {
    await expect(read(by, text)).rejects.toThrow();
  });

  test('C52: brackets in texts are no nesting', async () => {
    const text = `{"a":"${'['.repeat(500)}\\\\\\"${'{'.repeat(500)}","b":[1]}`;
    await expect(read(by, text)).resolves.toEqual({ a: `${'['.repeat(500)}\\"${'{'.repeat(500)}`, b: [1] });
  });

  test('C52: a byte order mark is left out, and what is beyond a number is no number', async () => {
    await expect(read(by, '\uFEFF{"a":1}')).resolves.toEqual({ a: 1 });
    await expect(read(by, '{"a":1e400}')).resolves.toEqual({ a: Infinity });
  });

  test.each(['', ' ', 'NaN', '{"a":NaN}', '{"a":1', '{"a":1}x', "{'a':1}", '<html>', '{"a":"\n"}', '\0', '"'])(
    'C52: %j is no JSON',
    async (text) => {
      await expect(read(by, text)).rejects.toThrow();
    },
  );
});

test('C52: while a page of 4 MB is read, others have their turn; an aborted one ends in the middle', async () => {
  const items = Array.from({ length: 12_000 }, (_, id) => ({ id, text: 'lorem ipsum '.repeat(25) }));
  const body = Buffer.from(JSON.stringify({ items, next: 'c' }));
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 0);
  try {
    await expect(parseLargeJson(body)).resolves.toEqual({ items, next: 'c' });
  } finally {
    clearInterval(counting);
  }
  expect(turns).toBeGreaterThan(10);
  await expect(parseLargeJson(body, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});
