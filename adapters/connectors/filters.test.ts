import { expect, test } from '@jest/globals';
import { manifests } from './index.ts';

const SENTINEL = 'elsewhere';
const ELSEWHERE = ['../elsewhere', 'a/../../elsewhere', 'a?b=c', 'a#b', '..', '%2e%2e', ''];

/** Whatever a call may want to know of the connection. */
const settings = new Proxy<Record<string, string>>({}, { get: () => 'x' });

const inPaths = Object.values(manifests).flatMap((manifest) =>
  Object.entries(manifest.streams).flatMap(([stream, { paging, filters }]) =>
    Object.entries(filters).flatMap(([name, filter]) => {
      if (paging.kind !== 'pages') return [];
      const ask = { limit: 1, position: null, sinceMs: null, newest: false, settings };
      const { path } = paging.call({ ...ask, filter: { [filter.param]: SENTINEL } });
      return path.includes(SENTINEL) ? [{ what: `${manifest.id}: ${stream} by ${name}`, filter, path }] : [];
    }),
  ),
);

test.each(inPaths)(
  '$what: a value that becomes part of a path leads to no other address',
  ({ filter: { like, values }, path }) => {
    // Behind the question mark it was encoded by the connector itself, as the vendor wants it.
    if (path.indexOf(SENTINEL) > path.indexOf('?') && path.includes('?')) return;
    expect(like !== undefined || values !== undefined).toBe(true);
    expect(ELSEWHERE.filter((value) => like?.test(value) ?? values?.includes(value))).toEqual([]);
  },
);

test('there are such filters', () => expect(inPaths.length).toBeGreaterThan(5));
