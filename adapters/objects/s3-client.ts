import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import type { HttpClient } from '../http/client.ts';

export interface S3Place {
  region: string;
  /** Where another server than Amazon's speaks the same protocol. */
  endpoint?: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** One part of a large object, and all of a small one, goes or comes within this time. */
const REQUEST_MS = 60_000;
const TRIES = 3;

/** Whoever writes the request to its socket says these itself; none of them is signed but the host, which stays what it is. */
const NOT_OURS = new Set(['host', 'content-length', 'expect']);

/** One request as the SDK hands it on, signed. */
interface Signed {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

/** Amazon's SDK with our guarded client in place of its own, which would go round the guard. */
export function openS3(fetch: HttpClient['fetch'], { region, endpoint, credentials }: S3Place): S3Client {
  const handle = async (request: Signed, options?: { abortSignal?: AbortSignal }): Promise<{ response: unknown }> => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {})) {
      for (const one of [value ?? ''].flat()) query.append(name, one);
    }
    const port = request.port === undefined ? '' : `:${request.port}`;
    const search = query.size === 0 ? '' : `?${query.toString().replaceAll('+', '%20')}`;
    const deadline = AbortSignal.timeout(REQUEST_MS);
    const answer = await fetch(`${request.protocol}//${request.hostname}${port}${request.path}${search}`, {
      method: request.method,
      // So is a bucket of another region told, and its name belongs to nobody there.
      redirect: 'manual',
      headers: Object.entries(request.headers).filter(([name]) => !NOT_OURS.has(name.toLowerCase())),
      body: (request.body as string | Uint8Array<ArrayBuffer> | undefined) ?? null,
      signal: options?.abortSignal ? AbortSignal.any([options.abortSignal, deadline]) : deadline,
    });
    const body = answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body);
    return { response: { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body } };
  };
  return new S3Client({
    region,
    credentials,
    endpoint: endpoint ?? `https://s3.${region}.amazonaws.com`,
    // One certificate fits all buckets, and so does one name that is looked up.
    forcePathStyle: true,
    maxAttempts: TRIES,
    requestHandler: { handle, metadata: { handlerProtocol: 'http/1.1' } },
  });
}
