import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { askedHost, type Call } from '../http.ts';

const HEADER =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([\w-]+)\/(\w+)\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})$/;

/** What an Authorization header of Signature Version 4 says; undefined when it is none. */
export function signatureIn(call: Call) {
  const found = HEADER.exec(call.headers.authorization ?? '');
  if (!found) return undefined;
  const [, keyId = '', date = '', region = '', service = '', names = '', signature = ''] = found;
  return { keyId, date, region, service, names: names.split(';'), signature };
}
export type Signature = NonNullable<ReturnType<typeof signatureIn>>;

/** Whether this secret signed this very request: method, address, query, the named headers and the body. */
export function isSignedBy(secret: string, call: Call, given: Signature): boolean {
  const { date, region, service, names, signature } = given;
  // Whoever leaves these out of what is signed lets others replace them.
  if (!names.includes('host') || !names.includes('x-amz-date')) return false;
  if (Object.keys(call.headers).some((name) => name.startsWith('x-amz-') && !names.includes(name))) return false;
  const host = askedHost(call) ?? call.headers.host ?? '';
  const header = (name: string) => (name === 'host' ? host : [call.headers[name]].flat().join(','));
  const canonical = [
    call.method,
    // Services encode the path as it came once more; S3 alone does not.
    call.path
      .split('/')
      .map(service === 's3' ? once : encoded)
      .join('/'),
    [...call.query]
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${header(name).trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    service === 's3' ? header('x-amz-content-sha256') : sha256(call.body),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', header('x-amz-date'), scope, sha256(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(mac, `AWS4${secret}`);
  return timingSafeEqual(mac(key, text), Buffer.from(signature, 'hex'));
}

/** The body is the one whose hash was signed, where one was; S3 takes unsigned bodies over TLS. */
export const isBodyAsSaid = (call: Call): boolean =>
  ['UNSIGNED-PAYLOAD', sha256(call.body)].includes([call.headers['x-amz-content-sha256']].flat()[0] ?? '');

const sha256 = (text: string | Buffer) => createHash('sha256').update(text).digest('hex');
const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
const once = (segment: string) => {
  try {
    return encoded(decodeURIComponent(segment));
  } catch {
    return segment;
  }
};
