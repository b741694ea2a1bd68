import { isGrpcServiceError } from '@temporalio/client';
import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from '../../ports/operations.ts';
import type { Log } from '../log.ts';
import { withDeadline } from './client.ts';

const DAY_S = 24 * 60 * 60;
const RETENTION_S = 90 * DAY_S;
const CALL_MS = 10_000;
const { INDEXED_VALUE_TYPE_KEYWORD: keyword } = proto.temporal.api.enums.v1.IndexedValueType;

// PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED: Temporal Cloud and the time-skipping server keep these to themselves.
const NOT_OURS = new Set([7, 12, 16]);

/** Search attributes and retention of the namespace. Idempotent: every process that starts or runs workflows does it. */
export async function setUpTemporal(connection: Connection, namespace: string, log: Log): Promise<void> {
  const step = async (what: string, call: () => Promise<unknown>) => {
    try {
      await withDeadline({ connection }, CALL_MS, call);
    } catch (error) {
      if (!isGrpcServiceError(error) || !NOT_OURS.has(error.code)) throw error;
      log.info({ namespace }, `${what} is set by whoever runs this Temporal`);
    }
  };
  await step('the list of search attributes', () =>
    connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, keyword])),
    }),
  );
  await step('retention', async () => {
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) >= RETENTION_S) return;
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: proto.google.protobuf.Duration.fromObject({ seconds: RETENTION_S }) },
    });
  });
}
