import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Busboy } from '@fastify/busboy';
import type { BusboyFileStream, BusboyHeaders, BusboyInstance } from '@fastify/busboy';
import type { Context } from 'koa';
import { z } from 'zod';
import { Fault } from '../ports/errors.ts';
import type { TenantId } from '../ports/ids.ts';
import { BODY_BYTES_MAX } from './body.ts';
import type { ApiDeps } from './deps.ts';
import { parseJson } from './json.ts';
import type { Received } from './route.ts';

/** What is told of a file; its bytes are in the object store. */
export const FileFacts = z.strictObject({
  name: z.string(),
  contentType: z.string(),
  bytes: z.number().int(),
  sha256: z.string(),
});
export type FileFacts = z.infer<typeof FileFacts>;

const FILE = 'file';
const INPUT = 'input';
const TYPE = /^[\w.+-]{1,100}\/[\w.+-]{1,100}$/;

const misfit = (path: string, message: string): Fault =>
  new Fault('invalid_request', `The form is not valid: check ${path}.`, { fields: [{ path, message }] });

const tooLarge = (bytesMax: number): Fault =>
  new Fault('too_large', `The file is larger than ${bytesMax} bytes, which this tenant’s settings allow; send less.`);

const broken = (cause?: unknown): Fault =>
  new Fault('invalid_request', 'The form is not whole: it is no multipart/form-data, or it ended too early.', {
    cause,
  });

/** Letters of any language; what could lead elsewhere, or break a header, is left out. */
const safeName = (given: string): string => given.replaceAll(/[\p{C}"\\/]/gu, '').slice(-200) || 'file';

const parserOf = (headers: IncomingMessage['headers'], bytesMax: number): BusboyInstance => {
  try {
    const limits = { files: 1, fields: 1, fieldSize: BODY_BYTES_MAX, fileSize: bytesMax };
    return new Busboy({ headers: headers as BusboyHeaders, limits: { ...limits, headerPairs: 20, headerSize: 8192 } });
  } catch (cause) {
    throw broken(cause);
  }
};

type Keep = (file: AsyncIterable<Uint8Array>) => Promise<number>;

/** Reads the form while its file goes through `keep`, which is never given more than `bytesMax`. */
const readForm = (req: IncomingMessage, bytesMax: number, keep: Keep): Promise<{ input: unknown; file: FileFacts }> =>
  new Promise((resolve, reject) => {
    const parser = parserOf(req.headers, bytesMax);
    const kept: Promise<FileFacts>[] = [];
    let input: unknown;
    let current: BusboyFileStream | undefined;
    let hasFailed = false;

    /** The first thing that goes wrong is told once the file that was being kept is known to be given up. */
    const fail = (error: unknown): void => {
      hasFailed = true;
      req.off('aborted', gone).unpipe(parser);
      current?.destroy(error as Error);
      void Promise.allSettled(kept).then(() => reject(error as Error));
    };
    const gone = (): void => fail(broken());

    const keepFile = async (stream: BusboyFileStream, name: string, type: string): Promise<FileFacts> => {
      const hash = createHash('sha256');
      const hashed = async function* () {
        try {
          for await (const chunk of stream as AsyncIterable<Uint8Array>) {
            hash.update(chunk);
            yield chunk;
          }
        } catch (error) {
          throw error instanceof Fault ? error : broken(error);
        }
      };
      const bytes = await keep(hashed());
      const contentType = TYPE.test(type) ? type : 'application/octet-stream';
      return { name: safeName(name), contentType, bytes, sha256: hash.digest('hex') };
    };

    parser.on('file', (field, stream, name, _coding, type) => {
      current = stream;
      // Whoever reads it learns of its errors; one that nobody reads must not end the process.
      stream.on('error', () => undefined);
      // What came in one chunk with the mistake is told of all the same.
      if (hasFailed) return void stream.resume();
      if (field !== FILE)
        return fail(misfit(field.slice(0, 100), `is no part of this form; send ${FILE} and ${INPUT}`));
      stream.on('limit', () => fail(tooLarge(bytesMax)));
      kept.push(keepFile(stream, name, type));
      kept[0]?.catch(fail);
    });
    parser.on('field', (field, text, _nameCut, isCut) => {
      if (field !== INPUT)
        return fail(misfit(field.slice(0, 100), `is no part of this form; send ${FILE} and ${INPUT}`));
      if (isCut) return fail(new Fault('too_large', `The part ${INPUT} is larger than 1 MB; send less.`));
      try {
        input = parseJson(Buffer.from(text));
      } catch (error) {
        fail(error);
      }
    });
    for (const limit of ['filesLimit', 'fieldsLimit'] as const) {
      parser.on(limit, () => fail(misfit(FILE, `send one part ${FILE} and at most one part ${INPUT}`)));
    }
    parser.on('error', (error) => fail(broken(error)));
    parser.on('finish', () => {
      const [file] = kept;
      if (file === undefined) return fail(misfit(FILE, 'is missing'));
      file.then((facts) => resolve({ input: input ?? {}, file: facts }), fail);
    });
    req.on('aborted', gone).pipe(parser);
  });

/** One file and what is to be written with it, by multipart: the file streams to the tenant's object store and is never held whole. */
export const receiveUpload = async ({ ports, log }: ApiDeps, ctx: Context, tenantId: TenantId): Promise<Received> => {
  if (!ctx.is('multipart/form-data')) {
    throw new Fault('unsupported_media_type', `Send multipart/form-data with a part “${FILE}”.`);
  }
  const { uploadBytesMax } = await ports.tenantSettings.get(tenantId);
  if (Number(ctx.get('Content-Length')) > uploadBytesMax + 2 * BODY_BYTES_MAX) throw tooLarge(uploadBytesMax);
  const staged = `uploads/${randomUUID()}`;
  const discard = () =>
    ports.objects.remove(tenantId, staged).catch((err: unknown) => {
      log.warn({ err, staged }, 'a file that nobody needs could not be removed');
    });
  try {
    const keep: Keep = (file) => ports.objects.putStream(tenantId, staged, file);
    return { body: await readForm(ctx.req, uploadBytesMax, keep), staged, discard };
  } catch (error) {
    await discard();
    throw error;
  }
};
