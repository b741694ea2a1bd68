import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Fault, isFaultCode } from '../../ports/errors.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import { connectionWorkflowId, MESSAGES } from '../../ports/operations.ts';
import { connectionSecretPath } from '../../ports/secrets.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import type { Log } from '../log.ts';
import { withDeadline } from './client.ts';

/** Longer than one call to a token endpoint with its retries, shorter than the activities that wait for it. */
const REFRESH_MS = 40_000;
/** How often, and after how long, a workflow that is not found is asked again. */
const AGAIN = 3;
const AGAIN_MS = 300;
/** How often a waiting caller looks for himself; each at a moment of his own. */
const LOOK_MS = 1000;

interface Refreshed {
  version: number;
}
interface Asked {
  observedVersion: number;
  answer: Promise<Refreshed>;
}
/** As `workers/failures.ts` writes it. */
interface Details {
  providerCode?: string | null;
  retryAfterMs?: number | null;
}

const faultOf = (error: unknown): unknown => {
  if (error instanceof WorkflowNotFoundError) {
    return new Fault('reauth_required', 'the connection is not open any more; connect it again', { cause: error });
  }
  if (!(error instanceof WorkflowUpdateFailedError)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure && isFaultCode(cause.type)) {
    const { providerCode = null, retryAfterMs } = (cause.details?.[0] ?? {}) as Details;
    const wait = typeof retryAfterMs === 'number' ? { retryAfterMs } : {};
    return new Fault(cause.type, cause.message, { cause: error, providerCode, ...wait });
  }
  return new Fault('unavailable', 'the connection could not be refreshed now; try again shortly', { cause: error });
};

interface Parts {
  client: Client;
  log: Log;
  secrets: Pick<SecretPort, 'read'>;
}

/** Asks a connection's workflow, the only refresher. A workflow takes ten updates in flight, and two thousand in a run. */
export function temporalRefreshes({ client, log, secrets }: Parts): WorkflowPort['refreshToken'] {
  const asking = new Map<string, Asked>();

  const update = async (tenantId: TenantId, id: ConnectionId, observedVersion: number): Promise<Refreshed> => {
    for (let again = AGAIN; ; again -= 1) {
      try {
        return await withDeadline(client, REFRESH_MS, () =>
          client.workflow
            .getHandle(connectionWorkflowId(tenantId, id))
            .executeUpdate<Refreshed, [{ observedVersion: number }]>(MESSAGES.refresh, { args: [{ observedVersion }] }),
        );
      } catch (error) {
        // A run that goes on as a new one is not found for a moment either: only what stays gone has ended.
        if (!(error instanceof WorkflowNotFoundError) || again === 0) throw error;
        await pause(AGAIN_MS * (0.5 + Math.random()));
      }
    }
  };

  /** A workflow that has as many updates as it takes answers nobody else: what it does is seen by the secret's version. */
  const look = async (tenantId: TenantId, id: ConnectionId, observedVersion: number, signal: AbortSignal) => {
    for (;;) {
      await pause(LOOK_MS * (0.5 + Math.random()), undefined, { signal });
      const newest = await secrets.read(connectionSecretPath(tenantId, id)).catch(() => null);
      if (newest && newest.version > observedVersion) return { version: newest.version };
    }
  };

  const ask = async (tenantId: TenantId, id: ConnectionId, observedVersion: number): Promise<Refreshed> => {
    const answered = new AbortController();
    try {
      return await Promise.race([
        update(tenantId, id, observedVersion),
        look(tenantId, id, observedVersion, answered.signal),
      ]);
    } catch (error) {
      log.warn({ error, tenantId, connectionId: id }, 'a token was not refreshed');
      throw faultOf(error);
    } finally {
      answered.abort();
    }
  };

  return async function refreshToken(tenantId, id, observedVersion) {
    const key = `${tenantId}/${id}`;
    // Whoever asks while another does shares the answer, unless he already knows of what that one waits for.
    for (let other = asking.get(key); other; other = asking.get(key)) {
      const { version } = await other.answer.catch((error: unknown) => {
        if (other.observedVersion >= observedVersion) throw error;
        return { version: 0 };
      });
      if (version > observedVersion) return { version };
    }
    const answer = ask(tenantId, id, observedVersion).finally(() => asking.delete(key));
    asking.set(key, { observedVersion, answer });
    return answer;
  };
}
