import { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { ListObjectsV2CommandOutput, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { ObjectStorePort } from '../../ports/knowledge.ts';
import { namesOf, noObject } from './keys.ts';
import { isMissing, s3Fault } from './s3-faults.ts';

/** Two parts are in memory at once. An object may have 10,000 of them: 80 GB. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 2;

/** Objects in a bucket, under `{prefix}/{tenant}/`. */
export function s3Objects(client: S3Client, { bucket, prefix }: { bucket: string; prefix: string }): ObjectStorePort {
  const under = (tenantId: string) => [...(prefix === '' ? [] : [prefix]), ...namesOf(tenantId), ''].join('/');
  const at = (tenantId: string, key: string) => ({ Bucket: bucket, Key: under(tenantId) + namesOf(key).join('/') });

  const asked = async <Result>(question: Promise<Result>, key = ''): Promise<Result> => {
    try {
      return await question;
    } catch (error) {
      throw isMissing(error) ? noObject(key) : s3Fault(error, bucket);
    }
  };

  const bytesOf = async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      throw s3Fault(error, bucket);
    }
  };

  const opened = async (tenantId: string, key: string) => {
    const { Body: body } = await asked(client.send(new GetObjectCommand(at(tenantId, key))), key);
    return Readable.from(bytesOf(body as unknown as AsyncIterable<Uint8Array>), { objectMode: false });
  };

  return {
    put: async (tenantId, key, body) => {
      await asked(client.send(new PutObjectCommand({ ...at(tenantId, key), Body: Buffer.from(body) })));
    },

    async putStream(tenantId, key, body) {
      let bytes = 0;
      let failure: { error: unknown } | undefined;
      const counted = async function* () {
        try {
          for await (const chunk of body) {
            bytes += chunk.length;
            yield chunk;
          }
        } catch (error) {
          failure = { error };
          throw error;
        }
      };
      const params = { ...at(tenantId, key), Body: Readable.from(counted(), { objectMode: false }) };
      // What was sent of a body that fails is taken back.
      const upload = new Upload({ client, params, partSize: PART_BYTES, queueSize: PARTS_AT_ONCE });
      try {
        await upload.done();
        return bytes;
      } catch (error) {
        throw failure === undefined ? s3Fault(error, bucket) : failure.error;
      }
    },

    async list(tenantId, wanted) {
      const root = under(tenantId);
      const keys: string[] = [];
      let from: string | undefined;
      do {
        const question = new ListObjectsV2Command({ Bucket: bucket, Prefix: root + wanted, ContinuationToken: from });
        const page: ListObjectsV2CommandOutput = await asked(client.send(question));
        keys.push(...(page.Contents ?? []).map(({ Key }) => (Key ?? '').slice(root.length)));
        from = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (from !== undefined);
      return keys.sort();
    },

    async get(tenantId, key) {
      const parts: Uint8Array[] = [];
      for await (const part of await opened(tenantId, key)) parts.push(part as Uint8Array);
      return Buffer.concat(parts).toString('utf8');
    },

    getStream: opened,

    remove: async (tenantId, key) => {
      await asked(client.send(new DeleteObjectCommand(at(tenantId, key))));
    },
  };
}
