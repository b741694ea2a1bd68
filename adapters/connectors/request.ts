import { randomUUID } from 'node:crypto';
import type { UploadRef } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { BodyStream, HttpRequest } from '../http/client.ts';
import type { DeclaredMethod } from './auth-methods.ts';
import { authorized } from './authorized.ts';
import type { Call } from './call.ts';
import { formPairs } from './form.ts';
import type { Manifest, Params } from './manifest.ts';
import { filled, urlOf } from './paths.ts';

/** Whose system is asked, and with what. */
export interface Account {
  manifest: Manifest;
  auth: DeclaredMethod;
  settings: Params;
  secret: SecretValues;
}

/** A write's file: its bytes can be read again for every attempt. */
export interface FileBody extends UploadRef {
  open: () => Promise<AsyncIterable<Uint8Array>>;
}

/** The whole request of one call: address, body and the credential where the vendor wants it. */
export async function requestOf(
  { manifest, auth, settings, secret }: Account,
  call: Call,
  file?: FileBody,
): Promise<HttpRequest> {
  const { method = 'GET', base = auth.base ?? manifest.base, path, query, follow } = call;
  const bare = followed(urlOf(filled(base, settings, manifest.hosts), path, query), follow, manifest);
  const content = await written(call, file);
  const named = {
    accept: manifest.xml ? 'application/xml' : 'application/json',
    ...manifest.headers,
    ...call.headers,
    ...(content && { 'content-type': content.type }),
  };
  const said = { method, url: bare, headers: named, ...(content && { body: content.body }) };
  const { url, headers } = await authorized(auth.use, settings, secret, said);
  return { method, url, headers: { ...named, ...headers }, ...(content && { body: content.body }) };
}

/** An address that the vendor gave: of the list's own path or below it, whatever a cursor says. */
function followed(own: string, follow: string | undefined, { title }: Manifest): string {
  if (follow === undefined) return own;
  const url = URL.parse(follow, own);
  const { origin, pathname } = new URL(own);
  const below = url?.pathname === pathname || url?.pathname.startsWith(`${pathname.replace(/\/$/, '')}/`);
  if (url?.origin === origin && below) return url.href;
  throw new Fault('host_refused', `${title} says that a list goes on elsewhere; nothing is asked there`);
}

interface Content {
  type: string;
  body: string | BodyStream;
}

async function written(
  { body, form, text, file: as, headers = {} }: Call,
  file?: FileBody,
): Promise<Content | undefined> {
  if (as !== undefined) {
    if (!file)
      throw new Fault('invalid_request', 'a file is missing; send one', {
        fields: [{ path: 'file', message: 'send one' }],
      });
    const { bytes, contentType } = file;
    return as === 'raw'
      ? { type: contentType, body: { bytes, parts: await file.open() } }
      : multipart(formPairs(form ?? {}), as.part, file);
  }
  if (form) {
    return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(formPairs(form)).toString() };
  }
  const said = text ?? (body === undefined ? undefined : JSON.stringify(body));
  return said === undefined ? undefined : { type: headers['content-type'] ?? 'application/json', body: said };
}

/** RFC 7578: the file goes last, so that whoever reads the parts as they come knows the others by then. */
async function multipart(fields: [string, string][], part: string, file: FileBody): Promise<Content> {
  const boundary = `bz-${randomUUID()}`;
  const head = [
    ...fields.map(
      ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
    ),
    `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(part)}"; filename="${quoted(file.name)}"\r\n`,
    `content-type: ${file.contentType}\r\n\r\n`,
  ];
  const [before, after] = [Buffer.from(head.join('')), Buffer.from(`\r\n--${boundary}--\r\n`)];
  const bytes = await file.open();
  const parts = async function* () {
    yield before;
    yield* bytes;
    yield after;
  };
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: { bytes: before.length + file.bytes + after.length, parts: parts() },
  };
}

/** As browsers write it. */
const quoted = (name: string): string => name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
