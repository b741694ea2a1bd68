import { randomUUID } from 'node:crypto';
import { createLog, openPorts } from '../adapters/index.ts';
import type { OpenPorts } from '../adapters/index.ts';
import { readEnv } from '../adapters/env.ts';
import { emulatedVendors } from '../emulator/origins.ts';
import type { Product } from './product.ts';

/** The ports of a running product, opened beside it: the typed client with its keys, the stores. */
export const portsOf = ({
  temporalAddress,
  emulatorUrl,
  dataDir,
  ports,
}: Product & { ports: Record<string, string> }): Promise<OpenPorts> => {
  const env = readEnv({
    NODE_ENV: 'development',
    BIZ_DATA_DIR: dataDir,
    TEMPORAL_ADDRESS: temporalAddress,
    HTTP_ALLOW: new URL(emulatorUrl).host,
    ...emulatedVendors(emulatorUrl),
    // A server of one's own is measured instead of the embedded one when the environment names it, as `npm start` does.
    DATABASE_URL:
      process.env.DATABASE_URL ??
      `postgres://postgres:postgres@127.0.0.1:${ports['DATABASE_PORT']}/postgres?sslmode=disable`,
  });
  return openPorts(env, createLog('silent'));
};

/** Size of a workflow's history as the server counts it. */
export const historyOf = async (
  { temporal }: OpenPorts,
  workflowId: string,
): Promise<{ events: number; bytes: number }> => {
  const { historyLength, historySize } = await temporal.client.workflow.getHandle(workflowId).describe();
  return { events: historyLength, bytes: historySize ?? 0 };
};

export const newSlug = (): string => `bench-${randomUUID().slice(0, 8)}`;
