import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Answer {
  status: number;
  body?: string | Buffer;
}

const xml = (root: string, inner: string): Answer => ({
  status: 200,
  body: `<?xml version="1.0"?><${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${root}>`,
});
const refusal = (status: number, code: string): Answer => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
});
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const etag = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`;

const PAGE = 10;

const whole = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

/** As much of an S3 server as an object store asks of one, in memory and without a look at signatures, for tests. */
export async function openTestS3(bucket: string) {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  /** Answers given in place of the next ones, in turn. */
  const refusals: Answer[] = [];

  const list = (query: URLSearchParams): Answer => {
    const [prefix, from] = [query.get('prefix') ?? '', query.get('continuation-token') ?? ''];
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > from).sort();
    const page = keys.slice(0, PAGE);
    const more = keys.length > PAGE;
    const next = more ? `<NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>` : '';
    const contents = page.map((key) => `<Contents><Key>${escaped(key)}</Key></Contents>`).join('');
    return xml('ListBucketResult', `<IsTruncated>${String(more)}</IsTruncated>${next}${contents}`);
  };

  const multipart = (method: string, key: string, query: URLSearchParams, body: Buffer): Answer | null => {
    if (query.has('uploads')) {
      const id = `upload-${uploads.size + 1}-${key.length}`;
      uploads.set(id, new Map());
      return xml('InitiateMultipartUploadResult', `<UploadId>${id}</UploadId>`);
    }
    const id = query.get('uploadId');
    if (id === null) return null;
    const parts = uploads.get(id);
    if (!parts) return refusal(404, 'NoSuchUpload');
    if (method === 'PUT') {
      parts.set(Number(query.get('partNumber')), body);
      return { status: 200 };
    }
    uploads.delete(id);
    if (method === 'DELETE') return { status: 204 };
    const inOrder = [...parts].sort(([one], [other]) => one - other).map(([, part]) => part);
    objects.set(key, Buffer.concat(inOrder));
    return xml('CompleteMultipartUploadResult', '<ETag>"x"</ETag>');
  };

  const answer = (request: IncomingMessage, body: Buffer): Answer => {
    const refused = refusals.shift();
    if (refused) return refused;
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3');
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) return refusal(403, 'AccessDenied');
    const [, named, ...rest] = pathname.split('/').map(decodeURIComponent);
    if (named !== bucket) return refusal(404, 'NoSuchBucket');
    const [key, method] = [rest.join('/'), request.method ?? ''];
    if (key === '') return list(searchParams);
    const part = multipart(method, key, searchParams, body);
    if (part) return part;
    if (method === 'PUT') objects.set(key, body);
    if (method === 'DELETE') objects.delete(key);
    if (method !== 'GET') return { status: method === 'DELETE' ? 204 : 200 };
    const found = objects.get(key);
    return found ? { status: 200, body: found } : refusal(404, 'NoSuchKey');
  };

  const server = createServer((request, response) => {
    void whole(request).then((body) => {
      const { status, body: said = '' } = answer(request, body);
      response.writeHead(status, { etag: etag(body), 'content-length': Buffer.byteLength(said) }).end(said);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    keys: () => [...objects.keys()],
    /** Multipart uploads that nobody completed or gave up. */
    unfinished: () => uploads.size,
    refuse: (status: number, code: string) => void refusals.push(refusal(status, code)),
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}
