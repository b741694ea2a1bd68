import type { Context } from 'koa';
import { Fault } from '../ports/errors.ts';
import { parseJson } from './json.ts';

export const BODY_BYTES_MAX = 1024 * 1024;

const tooLarge = () => new Fault('too_large', 'The body is larger than 1 MB; send less.');

/** The rest of the body is thrown away, so that the caller reads our answer instead of a cut connection. */
const refuse = (ctx: Context): Fault => {
  ctx.set('Connection', 'close');
  ctx.req.resume();
  return tooLarge();
};

const readBytes = (ctx: Context): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = () => {
      ctx.req.off('data', take).off('end', done).off('error', reject).off('aborted', gone);
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_BYTES_MAX) return void chunks.push(chunk);
      stop();
      reject(refuse(ctx));
    };
    const done = () => {
      stop();
      resolve(Buffer.concat(chunks));
    };
    const gone = () => {
      stop();
      reject(new Fault('invalid_request', 'The connection ended before the body did.'));
    };
    ctx.req.on('data', take).on('end', done).on('error', reject).on('aborted', gone);
  });

/** A body of at most 1 MB, byte for byte, judged while it streams in. */
export const readRaw = async (ctx: Context): Promise<Buffer> => {
  const encoding = ctx.get('Content-Encoding');
  if (encoding !== '' && encoding !== 'identity') {
    throw new Fault('unsupported_media_type', 'Compressed bodies are not taken; send it plain.');
  }
  if (Number(ctx.get('Content-Length')) > BODY_BYTES_MAX) throw refuse(ctx);
  return readBytes(ctx);
};

/** A JSON body of at most 1 MB; `{}` when there is none. */
export const readBody = async (ctx: Context): Promise<unknown> => {
  const bytes = await readRaw(ctx);
  if (bytes.length > 0 && !ctx.is('json', '+json')) {
    throw new Fault('unsupported_media_type', 'Send JSON, with Content-Type: application/json.');
  }
  return parseJson(bytes) ?? {};
};
