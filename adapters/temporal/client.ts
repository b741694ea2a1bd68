import { Client, Connection, isGrpcServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Fault } from '../../ports/errors.ts';
import type { Env } from '../env.ts';
import { retries } from './retries.ts';
import { scheduleSizeGuard, workflowSizeGuard } from './size-guard.ts';

export interface TemporalClient extends AsyncDisposable {
  client: Client;
  connection: Connection;
}

/** How a connection to this Temporal is made, by clients and workers alike. */
export const connectionOptions = ({ address, tls, apiKey }: Env['temporal']) => ({
  address,
  ...(tls ? { tls } : {}),
  ...(apiKey === null ? {} : { apiKey }),
});

/** Connects with the first call, so that a process starts while Temporal is away, and again whenever it returns. */
export function openTemporal(temporal: Env['temporal'], dataConverter: DataConverter): TemporalClient {
  const connection = Connection.lazy({
    ...connectionOptions(temporal),
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1000 },
    interceptors: [retries],
  });
  const client = new Client({
    connection,
    namespace: temporal.namespace,
    dataConverter,
    interceptors: { workflow: [workflowSizeGuard], schedule: [scheduleSizeGuard] },
  });
  return { client, connection, [Symbol.asyncDispose]: () => connection.close() };
}

// By number: the enum is in a package of @temporalio/client's own. CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE.
const AWAY = new Set([1, 4, 8, 14]);

const grpcCode = (error: unknown): number | null => {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? grpcCode(error.cause) : null;
};

/** Whether Temporal did not answer, or not in time: nothing is known of what was asked. */
export const isAway = (error: unknown): boolean =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || AWAY.has(grpcCode(error) ?? -1);

/** Every call has an end: without a deadline the client retries for half a minute. `unavailable` when Temporal does not answer by then. */
export async function withDeadline<Result>(
  { connection }: Pick<Client, 'connection'>,
  ms: number,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await connection.withDeadline(Date.now() + ms, call);
  } catch (error) {
    if (!isAway(error)) throw error;
    throw new Fault('unavailable', 'Temporal does not answer; try again shortly', { cause: error, retryAfterMs: 2000 });
  }
}
