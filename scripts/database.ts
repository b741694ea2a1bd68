// The embedded database: PGlite behind a socket, in a process of its own, so that a busy query stops nobody's event loop.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { serveEmbedded } from '../adapters/postgres/embedded.ts';
import { takeLock } from './lib/lock.ts';
import { SetupError, fail } from './lib/say.ts';
import { readSettings } from './lib/settings.ts';

const HOST = '127.0.0.1';
const MAX_CONNECTIONS = 50;
const PATIENCE_MS = 10_000;

const serve = async (): Promise<void> => {
  const { dataDir, databasePort: port } = readSettings();
  await mkdir(dataDir, { recursive: true });
  const folder = join(dataDir, 'postgres');
  // PGlite itself would open one folder twice, silently, and both would write.
  const holder = await takeLock(`${folder}.lock`, PATIENCE_MS);
  if (holder) throw new SetupError(`The database in ${folder} is open in process ${holder.pid}: stop that one first.`);

  const db = await PGlite.create({ dataDir: folder, extensions: { vector } });
  const server = serveEmbedded(db, { port, host: HOST, maxConnections: MAX_CONNECTIONS });
  await server.start();

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    // What is committed is on disk already; a close that hangs costs nothing but time.
    setTimeout(() => process.exit(0), 5000).unref();
    await server.stop();
    await db.close();
    process.exit(0);
  };
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.on(event, () => void stop());
  console.log(
    JSON.stringify({ ready: true, url: `postgres://postgres:postgres@${HOST}:${port}/postgres?sslmode=disable` }),
  );
};

await serve().catch((error: unknown) => {
  fail(error);
  process.exit(1);
});
