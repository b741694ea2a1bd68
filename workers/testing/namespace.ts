import { randomUUID } from 'node:crypto';
import type { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { openTemporal } from '../../adapters/temporal/client.ts';
import { dataConverter } from '../../adapters/temporal/data-converter.ts';
import { keyRing } from '../../adapters/temporal/key-ring.ts';
import { setUpTemporal } from '../../adapters/temporal/setup.ts';
import type { Env } from '../../adapters/env.ts';
import { testLog } from './runtime.ts';

/** Every test and every stored history uses this key, so that histories replay anywhere. */
export const TEST_KEYS = { current: 'test', test: Buffer.alloc(32, 7).toString('base64') };
export const testConverter: DataConverter = dataConverter(keyRing(TEST_KEYS));

/** Address of the server that the run shares. */
export function testAddress(): string {
  const address = process.env.TEST_TEMPORAL_ADDRESS;
  if (address === undefined) throw new Error('TEST_TEMPORAL_ADDRESS is not set; run the tests by: npm test -- <file>');
  return address;
}

export interface TestNamespace extends AsyncDisposable {
  temporal: Env['temporal'];
  client: Client;
  connection: Connection;
}

/** A namespace of its own on the shared server, usable at once. */
export async function openNamespace({
  address = testAddress(),
  converter = testConverter,
} = {}): Promise<TestNamespace> {
  const temporal = { address, namespace: `test-${randomUUID()}`, apiKey: null, tls: false };
  const opened = openTemporal(temporal, converter);
  await opened.connection.workflowService.registerNamespace({
    namespace: temporal.namespace,
    workflowExecutionRetentionPeriod: proto.google.protobuf.Duration.fromObject({ seconds: 86_400 }),
  });
  await setUpTemporal(opened.connection, temporal.namespace, testLog);
  return { temporal, ...opened };
}
