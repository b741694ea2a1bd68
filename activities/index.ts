import type { WorkerPorts } from '../ports/index.ts';
import { createApprovalActivities } from './approvals.ts';
import { createConnectionActivities } from './connections.ts';
import { createCrewActivities } from './crews.ts';
import { createProgressActivities } from './progress.ts';
import { createScheduleActivities } from './schedules.ts';
import { createSyncActivities } from './syncs.ts';
import { createTenantActivities } from './tenants.ts';
import { createTokenActivities } from './tokens.ts';
import { createWriteActivities } from './writes.ts';

/** Every activity of the house. Which queue each runs on is said where workflows call it. */
export const createActivities = (ports: WorkerPorts) => ({
  ...createProgressActivities(ports),
  ...createTenantActivities(ports),
  ...createConnectionActivities(ports),
  ...createTokenActivities(ports),
  ...createScheduleActivities(ports),
  ...createSyncActivities(ports),
  ...createCrewActivities(ports),
  ...createApprovalActivities(ports),
  ...createWriteActivities(ports),
});
export type Activities = ReturnType<typeof createActivities>;
