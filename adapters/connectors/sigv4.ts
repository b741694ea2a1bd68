import { Hash } from '@smithy/hash-node';
import { SignatureV4 } from '@smithy/signature-v4';
import { Fault } from '../../ports/errors.ts';
import type { BodyStream } from '../http/client.ts';

export interface AwsKey {
  accessKeyId: string;
  secretAccessKey: string;
}

const HOST = /^(?:[a-z0-9.-]+\.)?(sts|iam|s3)(?:\.([a-z0-9-]+))?\.amazonaws\.com$/;
/** What has one address for all regions is signed for this one. */
const GLOBAL = 'us-east-1';
const UNSIGNED = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
/** Whoever writes the request to its socket names the host itself. */
const NOT_OURS = new Set(['host']);

/**
 * The headers that sign one request by AWS Signature Version 4, with its own `x-amz-` ones. Service and region are those of the
 * address. A body that is sent as it comes is not signed itself: its hash would have to be known first.
 */
export async function signedHeaders(
  key: AwsKey,
  {
    method,
    url,
    headers: given = {},
    body = '',
  }: { method: string; url: string; headers?: Record<string, string>; body?: string | BodyStream },
): Promise<Record<string, string>> {
  const { protocol, hostname, host, pathname, searchParams } = new URL(url);
  const [whole, service = '', region = GLOBAL] = HOST.exec(hostname) ?? [];
  if (whole === undefined) throw new Fault('host_refused', 'this is not a host of AWS; connect it again');
  const signer = new SignatureV4({
    ...{ service, region, credentials: key, sha256: Hash.bind(null, 'sha256') },
    uriEscapePath: service !== 's3',
  });
  const query = Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]));
  const amz = Object.entries(given).filter(([name]) => name.toLowerCase().startsWith('x-amz-'));
  const { headers } = await signer.sign({
    ...{ method, protocol, hostname, path: pathname, query },
    headers: { host, ...Object.fromEntries(amz), ...(typeof body === 'object' && UNSIGNED) },
    body: typeof body === 'object' ? '' : body,
  });
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_OURS.has(name.toLowerCase())));
}
