import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from '@jest/globals';
import { Fault } from '../ports/errors.ts';
import type { SecretValues } from '../ports/secrets.ts';
import { createUnstored } from './unstored.ts';

const PATH = 'tenants/a/connections/b';
const META = { class: 'oauth_tokens', createdBy: 'test' } as const;
const tokensOf = (access_token: string) => ({ values: { access_token }, expiresAt: null, settings: {}, scopes: null });

const anAttempt = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR', () => undefined) });

/** A store that is away until told otherwise. */
const aStore = () => {
  const kept: SecretValues[] = [];
  let error: Error | null = new Fault('unavailable', 'sealed');
  return {
    kept,
    fails: (next: Error | null) => void (error = next),
    put: async (_path: string, expected: number, values: SecretValues) => {
      if (error) throw error;
      kept.push(values);
      return expected + 1;
    },
  };
};

test('C9: tokens that no store takes while an attempt lasts are there for the next one of this process', async () => {
  const store = aStore();
  const unstored = createUnstored(store);
  const tokens = tokensOf('fresh');
  const attempt = anAttempt();
  const storing = attempt.run(() => unstored.store(PATH, 3, tokens, META));
  attempt.cancel();
  await expect(storing).rejects.toThrow();

  expect(unstored.of(PATH, 3)).toBe(tokens);
  store.fails(null);
  await expect(anAttempt().run(() => unstored.store(PATH, 3, tokens, META))).resolves.toBe(4);
  expect([store.kept, unstored.of(PATH, 3)]).toEqual([[tokens.values], null]);
});

test('tokens of one generation are never taken for those of another', async () => {
  const store = aStore();
  const unstored = createUnstored(store);
  const attempt = anAttempt();
  const storing = attempt.run(() => unstored.store(PATH, 3, tokensOf('old'), META));
  attempt.cancel();
  await expect(storing).rejects.toThrow();
  expect([unstored.of(PATH, 4), unstored.of('tenants/a/connections/c', 3)]).toEqual([null, null]);
});

test('what somebody else has replaced meanwhile is no longer held', async () => {
  const store = aStore();
  const unstored = createUnstored(store);
  const storing = anAttempt().run(() => unstored.store(PATH, 3, tokensOf('late'), META));
  store.fails(new Fault('stale_version', 'faster'));
  await expect(storing).rejects.toMatchObject({ code: 'stale_version' });
  expect(unstored.of(PATH, 3)).toBeNull();
});
