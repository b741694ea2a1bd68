import type { Client } from '@temporalio/client';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import type { Log } from '../log.ts';
import { withDeadline } from './client.ts';
import { temporalAwaitedWrites } from './awaited-writes.ts';
import { temporalCrewSchedules } from './crew-schedules.ts';
import { temporalDependants } from './dependants.ts';
import { temporalInboxes } from './inboxes.ts';
import { temporalAgentWaits } from './agent-waits.ts';
import { temporalNotices } from './notices.ts';
import { temporalOpenRuns } from './open-runs.ts';
import { temporalRefreshes } from './refreshes.ts';
import { temporalRotationSchedules } from './rotation-schedules.ts';
import { temporalSchedules } from './schedules.ts';

const HEALTH_MS = 2000;

interface Parts {
  client: Client;
  log: Log;
  secrets: Pick<SecretPort, 'read'>;
  /** The keys of payloads. */
  keys: KeyRing;
}

/** What activities and adapters ask of Temporal. */
export const temporalWorkflows = (parts: Parts): WorkflowPort => ({
  refreshToken: temporalRefreshes(parts),
  ...temporalSchedules(parts.client),
  ...temporalRotationSchedules(parts.client),
  ...temporalCrewSchedules(parts.client),
  ...temporalDependants(parts.client),
  ...temporalAgentWaits(parts.client),
  ...temporalNotices(parts.client),
  ...temporalAwaitedWrites(parts.client),
  ...temporalInboxes(parts.client),
  ...temporalOpenRuns(parts.client, parts.keys),
  health: async () => {
    await withDeadline(parts.client, HEALTH_MS, () => parts.client.workflowService.getSystemInfo({}));
  },
});
