import type { Client } from '@temporalio/client';
import type { SecretPort } from '../../ports/secrets.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import type { Log } from '../log.ts';
import { withDeadline } from './client.ts';
import { temporalDependants } from './dependants.ts';
import { temporalNotices } from './notices.ts';
import { temporalRefreshes } from './refreshes.ts';
import { temporalSchedules } from './schedules.ts';

const HEALTH_MS = 2000;

interface Parts {
  client: Client;
  log: Log;
  secrets: Pick<SecretPort, 'read'>;
}

/** What activities and adapters ask of Temporal. */
export const temporalWorkflows = (parts: Parts): WorkflowPort => ({
  refreshToken: temporalRefreshes(parts),
  ...temporalSchedules(parts.client),
  ...temporalDependants(parts.client),
  ...temporalNotices(parts.client),
  health: async () => {
    await withDeadline(parts.client, HEALTH_MS, () => parts.client.workflowService.getSystemInfo({}));
  },
});
