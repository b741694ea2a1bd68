import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { ZlibOptions } from 'node:zlib';
import { Fault } from '../../ports/errors.ts';

export const ACCEPT_ENCODING = 'gzip, deflate, br';
type Inflate = (body: Buffer, options: Pick<ZlibOptions, 'maxOutputLength'>) => Promise<Buffer>;
const INFLATERS = new Map<string, Inflate>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);
const PLAIN = new Set(['', 'identity']);

const codingOf = (header: string | string[] | undefined): string =>
  String(header ?? '')
    .trim()
    .toLowerCase();

/** Throws `provider_garbage` for an encoding that nobody asked for. */
export function admitEncoding(header: string | string[] | undefined, host: string): void {
  const coding = codingOf(header);
  if (PLAIN.has(coding) || INFLATERS.has(coding)) return;
  const named = JSON.stringify(coding.slice(0, 40));
  throw new Fault('provider_garbage', `${host} answered in the encoding ${named}, which nobody asked for`);
}

/** The body inflated. The cap counts inflated bytes: 200 kB of gzip can hold 200 MB. */
export async function inflated(
  body: Buffer,
  header: string | string[] | undefined,
  { bytesMax, host }: { bytesMax: number; host: string },
): Promise<Buffer> {
  const act = INFLATERS.get(codingOf(header));
  if (!act || body.length === 0) return body;
  try {
    return await act(body, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Fault('provider_garbage', `${host} answered with more than ${bytesMax} bytes`);
  }
}
