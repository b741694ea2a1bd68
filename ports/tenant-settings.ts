import { z } from 'zod';
import { ApprovalPolicy } from './approvals.ts';
import { WriteKind } from './connector-info.ts';
import { ConnectionId } from './ids.ts';
import type { TenantId } from './ids.ts';

const DAY_MS = 86_400_000;
const MEGABYTE = 1024 * 1024;
const pause = z
  .int()
  .min(60_000)
  .max(30 * DAY_MS);

/** Which changes of its systems a tenant wants to be asked about first, and how. None unless it says so. */
export const WriteApprovals = z
  .strictObject({
    kinds: z.array(WriteKind).max(3).default([]),
    policy: ApprovalPolicy.extend({ remindAfterMs: pause, deadlineMs: pause }).default({
      roles: ['tenant_admin'],
      remindAfterMs: DAY_MS,
      deadlineMs: 3 * DAY_MS,
      onDeadline: 'reject',
    }),
  })
  .meta({ id: 'WriteApprovals' });

/** A bucket of the tenant's own, reached through its connection to Amazon S3. */
export const OwnStore = z
  .strictObject({
    connectionId: ConnectionId,
    // AWS's own rule; names with dots have no certificate that fits.
    bucket: z.string().regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, 'use 3 to 63 of a-z, 0-9 and -'),
    /** Put before every key: names parted by `/`; empty for none. */
    prefix: z
      .string()
      .max(200)
      .regex(/^([\w-][\w.-]*(\/[\w-][\w.-]*)*)?$/, 'use names of letters, digits, -, _ and ., parted by /')
      .default(''),
  })
  .meta({ id: 'OwnStore' });
export type OwnStore = z.infer<typeof OwnStore>;

/** What a tenant decides for itself. */
export const TenantSettings = z
  .strictObject({
    writeApprovals: WriteApprovals.prefault({}),
    /** The largest file that may be sent to one of its systems. */
    uploadBytesMax: z
      .int()
      .min(1)
      .max(5 * 1024 * MEGABYTE)
      .default(100 * MEGABYTE),
    /** Hosts on the web that its agents may reach; `*.` before one stands for all that are under it. None unless it says so. */
    agentHosts: z
      .array(
        z
          .string()
          .max(253)
          .regex(
            /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/,
            'use a host name in small letters, such as example.com or *.example.com',
          ),
      )
      .max(200)
      .default([]),
    /** Where its records and files are kept; null: the platform's folder. */
    store: OwnStore.nullable().default(null),
  })
  .meta({ id: 'TenantSettings' });
export type TenantSettings = z.infer<typeof TenantSettings>;

export interface TenantSettingsStore {
  /** The defaults where nothing was ever decided. */
  get: (tenantId: TenantId) => Promise<TenantSettings>;
  put: (tenantId: TenantId, settings: TenantSettings) => Promise<void>;
}
