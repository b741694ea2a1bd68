import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { Row } from '../../ports/connectors.ts';
import { manifests } from './index.ts';
import { plainText } from './plain-text.ts';
import { safeHtml } from './safe-html.ts';
import { stream } from './streams.ts';
import type { Write } from './writes.ts';
import { wordpress } from './vendors/wordpress/index.ts';

test('a map that does not turn their record into our row does not compile', () => {
  const posts = wordpress.streams['posts'];
  if (!posts) throw new Error('no posts');
  const raw = z.object({ id: z.string() });
  const row = Row.extend({ title: z.string() });
  const whole = stream({ ...posts, raw, row, map: ({ id }) => ({ externalId: id, modifiedAt: null, title: id }) });
  expect(whole.parse({ id: '7' })).toEqual({ row: { externalId: '7', modifiedAt: null, title: '7' } });
  // @ts-expect-error `title` is missing
  const short = stream({ ...posts, raw, row, map: ({ id }) => ({ externalId: id, modifiedAt: null }) });
  expect(short.parse({ id: '7' })).toEqual({ misfits: [expect.objectContaining({ path: ['title'] })] });
});

test.each([
  ['title', 7],
  ['title', null],
  ['amount', 'seven'],
  ['amount', 7],
  ['stock', Number.NaN],
  ['stock', '7'],
  ['modifiedAt', undefined],
  ['tags', [7]],
])('our own schema judges what a map makes, however it is declared: %s is not %j', (field, value) => {
  const posts = wordpress.streams['posts'];
  if (!posts) throw new Error('no posts');
  const amount = z.string().regex(/^\d+$/).nullable();
  const row = Row.extend({ title: z.string(), amount, stock: z.number().nullable(), tags: z.array(z.string()) });
  const fits = { externalId: '7', modifiedAt: null, title: 'a', amount: '7', stock: null, tags: ['b'] };
  const mapped = (made: unknown) =>
    stream({ ...posts, raw: z.object({}), row, map: () => made as z.output<typeof row> }).parse({});
  expect(mapped({ ...fits, more: 1 })).toEqual({ row: { ...fits, more: 1 } });
  expect(mapped({ ...fits, [field]: value })).toEqual({
    misfits: [expect.objectContaining({ path: expect.arrayContaining([field]) })],
  });
});

test.each(Object.entries(manifests))('%s is whole: its id, its pages and its addresses fit', (id, manifest) => {
  expect(manifest.id).toBe(id);
  expect(manifest.base).toMatch(/^(https:\/\/|\{)/);
  const limits = (manifest.limits ?? []).map((limit) => limit.name);
  expect(new Set(limits).size).toBe(limits.length);
  for (const [name, { path, paging, one, search, filters, needs = [], per }] of Object.entries(manifest.streams)) {
    expect(name).toMatch(/^[a-z][a-z_]{1,40}$/);
    // Whoever says for each question where it goes needs no path of its own.
    if (paging.kind !== 'pages' || one === undefined)
      expect([name, path]).toEqual([name, expect.stringMatching(/^\//)]);
    expect(paging.sizeMax).toBeGreaterThan(0);
    for (const filter of [...needs, ...(search === undefined ? [] : [search]), ...(per ? [per.filter] : [])])
      expect([name, Object.keys(filters)]).toEqual([name, expect.arrayContaining([filter])]);
    if (per) expect(Object.keys(manifest.streams)).toContain(per.stream);
  }
});

test.each(Object.entries(manifests))(
  '%s: each write says what it made, and how an unknown end is found out',
  (_id, manifest) => {
    for (const [name, { writes = {} }] of Object.entries(manifest.streams)) {
      const { create } = writes;
      if (create) expect([name, (create.receipt ?? create.receiptOf) !== undefined]).toEqual([name, true]);
      for (const write of Object.values(writes) as Write[]) {
        const found = write.probes !== undefined && write.receipt !== undefined;
        expect([name, write.safety === 'probe' && !found]).toEqual([name, false]);
      }
    }
  },
);

/** Every text in a manifest that looks like the start of an address. */
function addresses(value: unknown): string[] {
  if (typeof value === 'string') return /^(https?:\/\/|\{)\S*$/.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null || value instanceof RegExp || value instanceof z.ZodType) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'claims' || name === 'docs' ? [] : addresses(inner),
  );
}

test.each(Object.entries(manifests))(
  'C46: whatever names a host of %s is a vendor’s own, fits a pattern, or is a checked URL behind the guard',
  (_id, { auth, base, verify, keys, hosts = {} }) => {
    const urls = new Set(
      auth.flatMap(({ fields }) => fields.filter(({ kind }) => kind === 'url').map(({ name }) => name)),
    );
    const { create, list, remove } = keys?.api ?? {};
    const calls = [verify, create?.call('a', []), list?.call, remove?.('a')];
    for (const address of addresses([base, auth, calls.map((call) => call?.base)])) {
      const [, host = ''] = /^(?:https?:\/\/)?([^/]*)/.exec(address) ?? [];
      if (address.startsWith('http')) expect(address).toMatch(/^https:/);
      for (const [, name = ''] of host.matchAll(/\{(\w+)\}/g)) {
        if (!address.includes('/') && !address.startsWith('http') && address !== base) continue;
        expect([name, urls.has(name) || name === 'api_root' || hosts[name] !== undefined]).toEqual([name, true]);
      }
    }
    for (const pattern of Object.values(hosts)) expect(pattern.source).toMatch(/^\^.*\$$/);
  },
);

test.each(Object.entries(manifests))(
  '%s: its ways to connect have names, titles and what a form needs',
  (_id, { auth }) => {
    expect(new Set(auth.map(({ id }) => id)).size).toBe(auth.length);
    for (const method of auth) {
      expect(method.id).toMatch(/^[a-z][a-z_]+$/);
      for (const { name, title, help, kind, options } of method.fields) {
        expect(name).toMatch(/^[a-z][a-z_]+$/);
        expect([title.length, help.length]).not.toContain(0);
        expect(kind === 'choice').toBe(options !== undefined);
      }
      const names = method.fields.map(({ name }) => name);
      if (method.kind !== 'oauth2_code' && method.kind !== 'oauth1') expect(names).not.toEqual([]);
    }
  },
);

test.each([
  ['<p>One</p><p>Two &amp; three</p>', 'One\n\nTwo & three'],
  ['<h2>Title</h2><ul><li>a</li><li>b</li></ul>', 'Title\n\n * a\n * b'],
  ['<a href="https://a.test">link</a><script>alert(1)</script><img src="x">', 'link'],
  ['It&#8217;s 😀\0 \ud800', 'It’s 😀 �'],
  ['', ''],
])('%j reads as %j', (html, text) => {
  expect(plainText(html)).toBe(text);
});

test.each([
  ['<p>ok</p>', '<p>ok</p>'],
  ['<P CLASS=x>ok</P>', '<p>ok</p>'],
  ['<svg/onload=alert(1)>', '&lt;svg/onload=alert(1)&gt;'],
  ['<<p>script>alert(1)<</p>/script>', '&lt;<p>script&gt;alert(1)&lt;</p>/script&gt;'],
  ['<a href="https://a.test/" onclick="x">l</a>', '<a href="https://a.test/">l</a>'],
  ["<a href='java\nscript:x'>l</a>", '<a>l</a>'],
  ['<iframe src=https://a.test>', '&lt;iframe src=https://a.test&gt;'],
  ['<!--wp:html--><p>a', '&lt;!--wp:html--&gt;<p>a'],
  ['a & b &lt; &#60; &nope', 'a &amp; b &lt; &#60; &amp;nope'],
  ['[php]x[/php]', '&#91;php]x&#91;/php]'],
])('%j is written as %j', (html, written) => {
  expect(safeHtml(html)).toBe(written);
});
