import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Emulator } from '../server.ts';

/** What a test does in place of a browser and of an app, by plain fetch. */
export const CLIENT = { client_id: 'emulated-client', client_secret: 'emulated-secret' };
export const REDIRECT = 'http://127.0.0.1:3000/api/v1/oauth/callback';
export const VERIFIER = 'v'.repeat(43);
export const CHALLENGE = {
  code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
};

type Fields = Record<string, string>;
export type Body = Record<string, unknown> & {
  access_token: string;
  refresh_token?: string;
  data: Record<string, unknown>;
  error: Record<string, unknown>;
};

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
  text: string;
}

/** Asks one vendor. `host`: the one that a rewriting client says it meant. */
export function asker(emulator: Emulator, vendor: string, host?: string) {
  return async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const headers = new Headers(init.headers);
    if (host) headers.set('x-forwarded-host', host);
    const response = await fetch(`${emulator.url}/${vendor}${path}`, { redirect: 'manual', ...init, headers });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const body = (isJson && text !== '' ? JSON.parse(text) : {}) as Body;
    return { status: response.status, headers: response.headers, body, text };
  };
}

export const form = (fields: Fields): RequestInit => ({ method: 'POST', body: new URLSearchParams(fields) });
export const posted = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
export const bearer = (token: string, scheme = 'Bearer'): RequestInit => ({
  headers: { authorization: `${scheme} ${token}` },
});

/** Opens the consent page, decides as a browser posts its form, and gives the parameters of the redirect back. */
export async function consent(
  ask: ReturnType<typeof asker>,
  path: string,
  asked: Fields,
  choice: { decision?: string; account?: string; granted?: string[] } = {},
): Promise<Fields> {
  const query = new URLSearchParams({ redirect_uri: REDIRECT, state: 'a state', ...asked });
  const page = await ask(`${path}?${query.toString()}`);
  expect(page.status).toBe(200);
  const [, action = ''] = /<form method="post" action="([^"]+)">/.exec(page.text) ?? [];
  const fields = new URLSearchParams({ decision: choice.decision ?? 'approve' });
  for (const [, kind, name = '', value = ''] of page.text.matchAll(
    /<input type="(\w+)" name="([^"]*)" value="([^"]*)"/g,
  ))
    if (kind === 'hidden' || (choice.granted?.includes(value) ?? true)) fields.append(name, unescaped(value));
  if (choice.account) fields.set('account', choice.account);
  const decided = await ask(path.replace(/[^/]*$/, action), { method: 'POST', body: fields });
  expect(decided.status).toBe(302);
  const back = new URL(decided.headers.get('location') ?? '');
  expect(back.origin + back.pathname).toBe(REDIRECT);
  expect(back.searchParams.get('state')).toBe('a state');
  return Object.fromEntries(back.searchParams);
}

const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_whole, code: string) => String.fromCharCode(Number(code)));
