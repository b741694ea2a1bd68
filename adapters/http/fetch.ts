import type { HttpClient, HttpAnswer } from './client.ts';

/**
 * The guarded client as a `fetch` for protocol libraries that bring requests of their own. `see` may look at each answer
 * first, or throw, or hand on another one.
 */
export const httpFetch =
  (http: HttpClient, timeoutMs: number, see: (answer: HttpAnswer) => HttpAnswer) =>
  async (url: string, { method, headers, body, signal }: FetchInit): Promise<Response> => {
    const answer = see(
      await http.send({
        method: method as 'POST',
        url,
        headers,
        timeoutMs,
        ...(body !== undefined && body !== null && { body: body.toString() }),
        ...(signal && { signal }),
      }),
    );
    const kept = ['content-type', 'www-authenticate'].flatMap((name): [string, string][] => {
      const value = answer.headers.get(name);
      return value === undefined ? [] : [[name, value]];
    });
    const empty = answer.status === 204 || answer.status === 304;
    return new Response(empty ? null : new Uint8Array(answer.body), { status: answer.status, headers: kept });
  };

export interface FetchInit {
  method: string;
  headers: Record<string, string>;
  body?: URLSearchParams | string | null | undefined;
  signal?: AbortSignal | undefined;
}
