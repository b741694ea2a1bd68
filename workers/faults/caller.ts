import { randomUUID } from 'node:crypto';

/** One answer of the API, and how long it took. */
export interface Answered<Body> {
  status: number;
  body: Body;
  retryAfterS: number | null;
  tookMs: number;
}

interface Problem {
  code: string;
}

/** Asks the API at `url`; several replicas may be asked with the same login. */
export async function ask<Body = Problem>(
  url: string,
  path: string,
  { token, post, key = randomUUID() }: { token?: string; post?: object; key?: string } = {},
): Promise<Answered<Body>> {
  const began = performance.now();
  const response = await fetch(`${url}${path}`, {
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(post !== undefined && { 'content-type': 'application/json', 'idempotency-key': key }),
    },
    ...(post !== undefined && { method: 'POST', body: JSON.stringify(post) }),
  });
  const body = (await response.json()) as Body;
  const retryAfter = response.headers.get('retry-after');
  return {
    status: response.status,
    body,
    retryAfterS: retryAfter === null ? null : Number(retryAfter),
    tookMs: performance.now() - began,
  };
}

/** A development login's token. */
export async function logIn(url: string, email: string): Promise<string> {
  const { status, body } = await ask<{ token: string }>(url, '/api/v1/auth/dev-login', { post: { email } });
  if (status !== 200) throw new Error(`the login of ${email} answered ${status}: ${JSON.stringify(body)}`);
  return body.token;
}
