import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { TenantId } from '../../ports/ids.ts';
import type { ObjectStorePort } from '../../ports/knowledge.ts';

const MEGABYTE = 1024 * 1024;
const ODD = ['../x', 'a/../../x', '/etc/passwd', 'a//b', 'a/', '', '.', '.hidden', 'a\\b', 'a\0b', 'a\nb', 'a/\ud800'];
const UNUSUAL = ['a b+c%2f&=?#.txt', 'ü/🎉.json', '~tilde*(1)!'];

const newTenant = () => TenantId.parse(randomUUID());
const sha256 = () => createHash('sha256');

/** Chunks that no two of are alike, so that a part in the wrong place shows. */
async function* chunks(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n += 1) yield Buffer.alloc(size, `${n} `);
}

const hashOf = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const hash = sha256();
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
};

/** What every store of objects keeps to. `run` is `test.skip` where the store cannot be had. */
export const objectContract = (
  name: string,
  open: () => ObjectStorePort,
  run: typeof test | typeof test.skip = test,
): void => {
  describe(name, () => {
    run('an object is put, put again, listed by prefix and read, for its tenant alone', async () => {
      const [objects, tenant, other] = [open(), newTenant(), newTenant()];
      await objects.put(tenant, 'contacts/run/000001.jsonl', 'one\n');
      await objects.put(tenant, 'contacts/run/000001.jsonl', 'two 🎉\n');
      await objects.put(tenant, 'contacts/other.jsonl', '');
      await expect(objects.get(tenant, 'contacts/run/000001.jsonl')).resolves.toBe('two 🎉\n');
      await expect(objects.get(tenant, 'contacts/other.jsonl')).resolves.toBe('');
      await expect(objects.list(tenant, 'contacts/run/')).resolves.toEqual(['contacts/run/000001.jsonl']);
      await expect(objects.list(tenant, 'cont')).resolves.toHaveLength(2);
      await expect(objects.list(other, '')).resolves.toEqual([]);
      await expect(objects.get(other, 'contacts/other.jsonl')).rejects.toMatchObject({ code: 'not_found' });
      await objects.remove(other, 'contacts/other.jsonl');
      await expect(objects.list(tenant, '')).resolves.toHaveLength(2);
    });

    run('what is not there is a not_found, and removed without a word', async () => {
      const [objects, tenant] = [open(), newTenant()];
      await objects.put(tenant, 'a/b', 'x');
      for (const key of ['a', 'a/c', 'b']) {
        await expect(objects.get(tenant, key)).rejects.toMatchObject({ code: 'not_found' });
        await expect(objects.getStream(tenant, key)).rejects.toMatchObject({ code: 'not_found' });
        await objects.remove(tenant, key);
      }
      await objects.remove(tenant, 'a/b');
      await objects.remove(tenant, 'a/b');
      await expect(objects.list(tenant, '')).resolves.toEqual([]);
    });

    run('a body of many parts comes back as it was sent, and is counted', async () => {
      const [objects, tenant] = [open(), newTenant()];
      const [count, size] = [21, MEGABYTE - 7];
      await expect(objects.putStream(tenant, 'big', chunks(count, size))).resolves.toBe(count * size);
      expect(await hashOf(await objects.getStream(tenant, 'big'))).toBe(await hashOf(chunks(count, size)));
      await expect(objects.putStream(tenant, 'big', chunks(1, 3))).resolves.toBe(3);
      await expect(objects.get(tenant, 'big')).resolves.toBe('0 0');
      await expect(objects.putStream(tenant, 'none', chunks(0, 0))).resolves.toBe(0);
      await expect(objects.get(tenant, 'none')).resolves.toBe('');
    });

    run.each([1, 12])(
      'a body that breaks off after %i MB leaves the old object, and throws its own error',
      async (mb) => {
        const [objects, tenant] = [open(), newTenant()];
        await objects.put(tenant, 'k', 'old');
        const why = new Error('the sender went away');
        const broken = async function* () {
          yield* chunks(mb, MEGABYTE);
          throw why;
        };
        await expect(objects.putStream(tenant, 'k', broken())).rejects.toBe(why);
        await expect(objects.putStream(tenant, 'never', broken())).rejects.toBe(why);
        await expect(objects.get(tenant, 'k')).resolves.toBe('old');
        await expect(objects.list(tenant, '')).resolves.toEqual(['k']);
      },
    );

    run('readers see a whole object at every moment while it is replaced', async () => {
      const [objects, tenant] = [open(), newTenant()];
      const bodies = ['a', 'b'].map((letter) => letter.repeat(100_000));
      const put = (n: number) => objects.put(tenant, 'k', bodies[n % 2] ?? '');
      await put(0);
      const writing = Promise.all(Array.from({ length: 10 }, (_, n) => put(n)));
      for (let n = 0; n < 20; n += 1) expect(bodies).toContain(await objects.get(tenant, 'k'));
      await writing;
    });

    run('a list is whole and in order, however many there are', async () => {
      const [objects, tenant] = [open(), newTenant()];
      const keys = Array.from({ length: 25 }, (_, n) => `run/${String(n).padStart(8, '0')}.jsonl`);
      await Promise.all(keys.toReversed().map((key) => objects.put(tenant, key, key)));
      await expect(objects.list(tenant, 'run/')).resolves.toEqual(keys);
    });

    run('names that are unusual are names like all others', async () => {
      const [objects, tenant] = [open(), newTenant()];
      for (const key of UNUSUAL) await objects.put(tenant, key, key);
      for (const key of UNUSUAL) await expect(objects.get(tenant, key)).resolves.toBe(key);
      await expect(objects.list(tenant, '')).resolves.toEqual(UNUSUAL.toSorted());
    });

    run.each(ODD)('a key that leads elsewhere is refused: %j', async (key) => {
      const [objects, tenant] = [open(), newTenant()];
      const refused = { code: 'invalid_request' };
      await expect((async () => objects.put(tenant, key, 'x'))()).rejects.toMatchObject(refused);
      await expect((async () => objects.putStream(tenant, key, chunks(1, 1)))()).rejects.toMatchObject(refused);
      await expect((async () => objects.get(tenant, key))()).rejects.toMatchObject(refused);
      await expect((async () => objects.getStream(tenant, key))()).rejects.toMatchObject(refused);
      await expect((async () => objects.remove(tenant, key))()).rejects.toMatchObject(refused);
    });
  });
};
