import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { Email } from '../ports/ids.ts';
import { until } from '../workers/testing/until.ts';
import { testAddress } from '../workers/testing/namespace.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

let database: TestDatabase;
let dataDir: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'bizosaas-api-'));
  await seedPlatformRole(database.db, Email.parse('root@platform.test'), 'platform_admin');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await database.close();
  await rm(dataDir, { recursive: true, force: true });
});

interface Process {
  child: ChildProcess;
  out: () => string;
  err: () => string;
  ended: Promise<number | null>;
}

const run = (env: Record<string, string> = {}): Process => {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'test',
      BIZ_DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: testAddress(),
      API_PORT: '0',
      LOG_LEVEL: 'error',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = once(child, 'exit').then(([code]: (number | null)[]) => code ?? null);
  return { child, out: () => said.out, err: () => said.err, ended };
};

const urlOf = async ({ out, err }: Process): Promise<string> => {
  const line = await until(`the ready line; it said: ${err()}`, out, (text) => text.includes('\n'));
  const { ready, url } = JSON.parse(line) as { ready: boolean; url: string };
  expect(ready).toBe(true);
  return url;
};

const statusOf = async (url: string) => (await fetch(url, { headers: { Connection: 'close' } })).status;

test('says once where it listens, is ready when all its parts answer, and ends when its parent is gone', async () => {
  const api = run();
  const url = await urlOf(api);
  expect(api.out().trim().split('\n')).toHaveLength(1);
  expect(await statusOf(`${url}/readyz`)).toBe(200);
  api.child.disconnect();
  expect(await api.ended).toBe(0);
});

test('a port in use is one sentence that names it and the mend, and exit code 1', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const api = run({ API_PORT: String(port) });
  expect(await api.ended).toBe(1);
  await until('its sentence', api.err, (text) => text.endsWith('\n'));
  expect(api.err().trim()).toBe(`Port ${port} is in use: stop what listens there, or set API_PORT to a free one.`);
  expect(api.out()).toBe('');
  holder.close();
});

test('an environment that does not fit is one message that names every problem, and exit code 1', async () => {
  const api = run({ API_PORT: 'many', LOG_LEVEL: 'loud' });
  expect(await api.ended).toBe(1);
  await until('its message', api.err, (text) => text.endsWith('\n'));
  expect(api.err()).toMatch(/API_PORT/);
  expect(api.err()).toMatch(/LOG_LEVEL/);
  expect(api.err()).not.toMatch(/^\s+at /m);
});

test('C2: on SIGTERM it is unready first, the request in flight is answered, and then it ends with 0', async () => {
  const api = run();
  const url = await urlOf(api);
  const body = JSON.stringify({ email: 'root@platform.test' });
  const inFlight = request(`${url}/api/v1/auth/dev-login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Content-Length': body.length },
  });
  inFlight.flushHeaders();
  inFlight.write(body.slice(0, 5));
  const answered = once(inFlight, 'response');
  await until(
    'the request to be there',
    () => statusOf(`${url}/healthz`),
    (status) => status === 200,
  );

  api.child.kill('SIGTERM');
  await until(
    'unready',
    () => statusOf(`${url}/readyz`),
    (status) => status === 503,
  );
  await until(
    'no new connection',
    () =>
      statusOf(`${url}/healthz`).then(
        () => 'open',
        () => 'closed',
      ),
    (door) => door === 'closed',
  );
  inFlight.end(body.slice(5));
  const [response] = (await answered) as [{ statusCode: number; headers: Record<string, string>; resume: () => void }];
  expect([response.statusCode, response.headers['connection']]).toEqual([200, 'close']);
  response.resume();
  expect(await api.ended).toBe(0);
  expect(api.err()).toBe('');
});
