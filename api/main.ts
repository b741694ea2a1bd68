import { setTimeout as sleep } from 'node:timers/promises';
import { loadEnvFile, readEnv } from '../adapters/env.ts';
import { createLog, openDigestKey, openJwtKeys, openPorts } from '../adapters/index.ts';
import { catalogue } from '../agents/index.ts';
import { createApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { createEventFeed } from './event-feed.ts';
import { allRoutes } from './routes/index.ts';
import { openServer } from './server.ts';
import { createTokenFeed } from './token-feed.ts';
import { createTokens } from './tokens.ts';

/** So that whoever sends traffic here sees `/readyz` fail before the door closes. */
const NOTICE_MS = 500;

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const start = async (): Promise<void> => {
  loadEnvFile();
  const env = readEnv(process.env);
  const log = createLog(env.logLevel);
  const ports = await openPorts(env, log);
  // So that the first start finds Temporal prepared. While it is away readiness says so, and asks again.
  void ports.workflows.health().catch(() => undefined);
  const feed = createEventFeed(ports.operations, log);
  const tokenFeed = createTokenFeed(ports.tokenStream, log);
  let accepting = true;
  const deps: ApiDeps = {
    ports,
    catalogue,
    temporal: ports.temporal.client,
    codec: ports.temporal.codec,
    tokens: createTokens(openJwtKeys(ports.secrets), openDigestKey(ports.secrets)),
    feed,
    tokenFeed,
    settings: {
      environment: env.mode,
      publicUrl: env.api.publicUrl,
      portalOrigins: env.portalOrigins,
      temporalUiOrigin: env.temporalUiOrigin,
    },
    log,
    accepting: () => accepting,
  };
  const app = createApp(allRoutes(deps), deps);
  const handle = app.callback();
  const server = await openServer((req, res) => void handle(req, res), env.api.host, env.api.port).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      return fail(`Port ${env.api.port} is in use: stop what listens there, or set API_PORT to a free one.`);
    },
  );

  const stop = async (): Promise<void> => {
    if (!accepting) return;
    accepting = false;
    await sleep(NOTICE_MS);
    feed.close();
    tokenFeed.close();
    await server.close();
    await ports[Symbol.asyncDispose]();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
  process.on('disconnect', () => void stop());
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url })}\n`);
};

try {
  await start();
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
