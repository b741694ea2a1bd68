import { expect, test } from '@jest/globals';
import type { Use } from './auth-methods.ts';
import { authorized } from './authorized.ts';

const CALL = { method: 'GET', url: 'https://vendor.test/things?a=1' };

test.each<[Use, string, Record<string, string>]>([
  [
    { in: 'header', name: 'x-token', template: 'Token {access_token} of {shop}' },
    CALL.url,
    { 'x-token': 'Token t&= of acme' },
  ],
  [{ in: 'basic', user: '{shop}', password: '{access_token}' }, CALL.url, { authorization: 'Basic YWNtZTp0Jj0=' }],
  [{ in: 'query', params: { key: '{access_token}' } }, `${CALL.url}&key=t%26%3D`, {}],
])('a credential goes where the vendor wants it: %j', async (use, url, headers) => {
  await expect(authorized(use, { shop: 'acme' }, { access_token: 't&=' }, CALL)).resolves.toEqual({ url, headers });
});

test('a secret that is lacking is named, and asks for a new connection', async () => {
  const use: Use = { in: 'header', name: 'authorization', template: 'Bearer {access_token}' };
  await expect(authorized(use, {}, { refresh_token: 'canary' }, CALL)).rejects.toMatchObject({
    code: 'reauth_required',
    message: expect.not.stringContaining('canary'),
  });
});
