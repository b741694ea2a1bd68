import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Fault } from '../../ports/errors.ts';

export const ACCEPT_ENCODING = 'gzip, deflate, br';
const INFLATERS: Record<string, () => Transform> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The whole body, inflated. The cap counts inflated bytes: 200 kB of gzip can hold 200 MB. */
export async function readBody(
  source: Readable,
  { encoding, bytesMax, host }: { encoding: string | undefined; bytesMax: number; host: string },
): Promise<Buffer> {
  const coding = (encoding ?? '').trim().toLowerCase();
  const inflate = INFLATERS[coding];
  if (!inflate && coding !== '' && coding !== 'identity') {
    source.destroy();
    throw new Fault(
      'provider_garbage',
      `${host} answered in the encoding ${JSON.stringify(coding.slice(0, 40))}, which nobody asked for`,
    );
  }
  const parts: Buffer[] = [];
  const collect = async (stream: AsyncIterable<Buffer>): Promise<void> => {
    let size = 0;
    for await (const part of stream) {
      size += part.length;
      if (size > bytesMax) throw new Fault('provider_garbage', `${host} answered with more than ${bytesMax} bytes`);
      parts.push(part);
    }
  };
  if (inflate) await pipeline(source, inflate(), collect);
  else await pipeline(source, collect);
  return Buffer.concat(parts);
}
