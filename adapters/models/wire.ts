import { Fault } from '../../ports/errors.ts';
import type { HttpClient } from '../http/client.ts';

type Fetch = HttpClient['fetch'];

/** More than any answer: an endpoint that never stops must not fill the memory. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const PROBLEM_BYTES_MAX = 64 * 1024;

export interface Wire {
  fetch: Fetch;
  /** Headers of the last answer; null before it. */
  headers: () => Headers | null;
}

/** One call's way out: says once an answer began whenever something of it comes, and brings problems into one form for the libraries. */
export function openWire(fetch: Fetch, onLife: () => void): Wire {
  let headers: Headers | null = null;
  return {
    headers: () => headers,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      headers = response.headers;
      // A problem may come as JSON with a 200, and in a list.
      if (!response.ok || response.headers.get('content-type')?.startsWith('application/json')) {
        return await problemIn(response);
      }
      onLife();
      return new Response(counted(response.body, onLife), response);
    },
  };
}

function counted(body: ReadableStream<Uint8Array> | null, onLife: () => void) {
  let bytes = 0;
  const meter = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      bytes += part.byteLength;
      if (bytes > ANSWER_BYTES_MAX) throw new Fault('llm_transient', 'the model’s answer is too big to be one');
      onLife();
      controller.enqueue(part);
    },
  });
  return body?.pipeThrough(meter) ?? null;
}

async function problemIn(response: Response): Promise<Response> {
  const text = await limited(response);
  let body: unknown;
  try {
    body = JSON.parse(text) as unknown;
  } catch {
    return new Response(text, { status: response.status, headers: plain(response.headers) });
  }
  const first: unknown = Array.isArray(body) ? body[0] : body;
  return new Response(JSON.stringify(first), {
    status: response.ok ? statusWithin(first) : response.status,
    headers: plain(response.headers),
  });
}

/** An error that says 200 names its status itself. */
function statusWithin(body: unknown): number {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  if (error === undefined || error === null) return 200;
  const code = typeof error === 'object' && 'code' in error ? Number(error.code) : Number.NaN;
  return Number.isInteger(code) && code >= 400 && code <= 599 ? code : 502;
}

/** The length and the encoding were those of the body that was read. */
const plain = (headers: Headers): Headers => {
  const kept = new Headers(headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) kept.delete(name);
  return kept;
};

async function limited(response: Response): Promise<string> {
  const isList = response.ok;
  const bytesMax = isList ? ANSWER_BYTES_MAX : PROBLEM_BYTES_MAX;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > bytesMax) break;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
