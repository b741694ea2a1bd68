import { z } from 'zod';
import type { TenantId, UserId } from './ids.ts';
import { Provider } from './models.ts';

/** A tenant's own key at a model provider: where it lies and how it fares, never the key. */
export const ModelKey = z
  .strictObject({
    service: Provider,
    vaultPath: z.string(),
    /** Version of the secret that was tested and is in use. */
    version: z.int(),
    /** `rejected`: the provider refused it in use; it is asked no more until it is replaced or tested again. */
    state: z.enum(['active', 'rejected']),
    addedBy: z.string(),
    createdAt: z.iso.datetime(),
    checkedAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ModelKeyRow' });
export type ModelKey = z.infer<typeof ModelKey>;

/** References to keys (`api_key_refs`). */
export interface ModelKeyStore {
  /** Idempotent. What is put was tested and is active; a newer version takes the older one's place, and never the other way. */
  put: (
    tenantId: TenantId,
    key: { service: Provider; vaultPath: string; version: number; addedBy: UserId },
  ) => Promise<void>;
  find: (tenantId: TenantId, service: Provider) => Promise<ModelKey | null>;
  /** What a call of a model goes by: the tenant's plan, and its key where it has one. `not_found` without the tenant. */
  access: (
    tenantId: TenantId,
    service: Provider,
  ) => Promise<{ plan: string; key: Pick<ModelKey, 'vaultPath' | 'version' | 'state'> | null }>;
  list: (tenantId: TenantId) => Promise<ModelKey[]>;
  /** Of this version alone: a newer one that came meanwhile is left as it is. */
  mark: (tenantId: TenantId, service: Provider, version: number, state: ModelKey['state']) => Promise<void>;
  /** At most once a minute is written. */
  touch: (tenantId: TenantId, service: Provider) => Promise<void>;
  /** Silent when gone. */
  remove: (tenantId: TenantId, service: Provider) => Promise<void>;
}
