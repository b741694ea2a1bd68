/** A caller of the public API, as a portal would be: a token, an idempotency key for every POST, a cookie jar for the browser's part. */
export interface Answer<Body = unknown> {
  status: number;
  body: Body;
}

export interface StoryEvent {
  seq: number;
  step: string;
  state: string;
  message: string;
  data: Record<string, string | number | boolean | null>;
}

const MESSAGE_END = '\n\n';

export const createApiClient = (baseUrl: string, token?: string) => {
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};

  const call = async <Body>(
    method: string,
    path: string,
    body?: unknown,
    key?: string,
    more: Record<string, string> = {},
  ): Promise<Answer<Body>> => {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        ...headers,
        ...more,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  };

  return {
    baseUrl,
    get: <Body>(path: string) => call<Body>('GET', path),
    post: <Body>(path: string, body: unknown, key: string = crypto.randomUUID(), more: Record<string, string> = {}) =>
      call<Body>('POST', path, body, key, more),

    /** The operation's story as it happens, until it is settled or `signal` ends it. */
    async *events(path: string, signal: AbortSignal): AsyncGenerator<StoryEvent> {
      const response = await fetch(`${baseUrl}${path}`, { headers, signal });
      if (!response.ok || !response.body) throw new Error(`${path} answered ${response.status}`);
      let buffer = '';
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        buffer += chunk;
        for (let end = buffer.indexOf(MESSAGE_END); end >= 0; end = buffer.indexOf(MESSAGE_END)) {
          const message = buffer.slice(0, end);
          buffer = buffer.slice(end + MESSAGE_END.length);
          const data = /^data: ?(.*)$/m.exec(message)?.[1];
          const parsed = data === undefined ? undefined : (JSON.parse(data) as Partial<StoryEvent>);
          if (parsed?.step !== undefined) yield parsed as StoryEvent;
        }
      }
    },

    /** Goes to the vendor's consent page, approves, and follows the redirect back with the cookies of the browser that began. */
    async authorize(connector: string): Promise<{ status: number; page: string; callbackUrl: string; cookie: string }> {
      const begun = await fetch(`${baseUrl}/api/v1/oauth/authorize/${connector}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
        body: '{}',
      });
      const { authorizeUrl } = (await begun.json()) as { authorizeUrl: string };
      const cookie = begun.headers
        .getSetCookie()
        .map((line) => line.split(';')[0])
        .join('; ');
      const consent = await fetch(authorizeUrl, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'decision=approve',
      });
      const callbackUrl = consent.headers.get('location') ?? '';
      const back = await fetch(callbackUrl, { headers: { cookie, accept: 'text/html' } });
      return { status: back.status, page: await back.text(), callbackUrl, cookie };
    },
  };
};
export type ApiClient = ReturnType<typeof createApiClient>;

/** A development login. */
export const logIn = async (baseUrl: string, email: string): Promise<ApiClient> => {
  const { status, body } = await createApiClient(baseUrl).post<{ token: string }>('/api/v1/auth/dev-login', { email });
  if (status !== 200) throw new Error(`the development login of ${email} answered ${status}`);
  return createApiClient(baseUrl, body.token);
};
