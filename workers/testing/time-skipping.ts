import { TestWorkflowEnvironment } from '@temporalio/testing';
import { scheduleSizeGuard, workflowSizeGuard } from '../../adapters/temporal/size-guard.ts';
import { setUpTemporal } from '../../adapters/temporal/setup.ts';
import { testConverter } from './namespace.ts';
import type { TestNamespace } from './namespace.ts';
import { quietRuntime, testLog } from './runtime.ts';

/** The time-skipping server: no schedules and no lists, but a month passes while a result is awaited. */
export async function openSkippingTime(): Promise<TestNamespace & { environment: TestWorkflowEnvironment }> {
  const program = process.env.TEST_TIME_SKIPPING;
  if (program === undefined) throw new Error('TEST_TIME_SKIPPING is not set; run the tests by: npm test -- <file>');
  quietRuntime();
  const open = () =>
    TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path: program } },
      client: {
        dataConverter: testConverter,
        interceptors: { workflow: [workflowSizeGuard], schedule: [scheduleSizeGuard] },
      },
    });
  // The SDK gives a server five seconds to start, which Java does not always keep on a busy machine.
  const environment = await open().catch(open);
  const { address, client, connection, namespace = 'default' } = environment;
  await setUpTemporal(connection, namespace, testLog);
  return {
    temporal: { address, namespace, apiKey: null, tls: false },
    client,
    connection,
    environment,
    [Symbol.asyncDispose]: () => environment.teardown(),
  };
}
