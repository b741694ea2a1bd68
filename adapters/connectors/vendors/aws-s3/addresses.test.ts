import { expect, test } from '@jest/globals';
import { decoded, OBJECT, partsOf, pathOf, withQuery } from './addresses.ts';

test('a path is encoded once, its slashes stay, and a query has no plus for a blank', () => {
  expect(pathOf('acme', "a b/c+d/ü(1)'!*~.txt")).toBe('/acme/a%20b/c%2Bd/%C3%BC%281%29%27%21%2A~.txt');
  expect(pathOf('acme')).toBe('/acme');
  expect(withQuery('/acme', { prefix: 'a b+c/' })).toBe('/acme?prefix=a%20b%2Bc%2F');
  expect(pathOf('acme', 'a//b')).toBe('/acme/a//b');
});

test('a key comes back as it was, whatever it holds', () => {
  expect(decoded('a+b%2Bc%2520/d')).toBe('a b+c%20/d');
});

test('an id is a bucket and a key; one that would be another address is none', () => {
  expect(partsOf('acme-reports/a/b.csv')).toEqual({ bucket: 'acme-reports', key: 'a/b.csv' });
  for (const id of ['acme/a', 'acme/a..b/.c/d', 'acme/a//b', 'acme/ü b'])
    expect([id, OBJECT.test(id)]).toEqual([id, true]);
  for (const id of ['acme', 'acme/', '../acme/a', 'acme/../x', 'acme/a/../b', 'acme/a/..', 'acme/.', 'Acme/a', 'a/b'])
    expect([id, OBJECT.test(id)]).toEqual([id, false]);
});
