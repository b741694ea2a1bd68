import { Fault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import type { KeyState, Provider } from '../../ports/models.ts';
import { planOf } from '../../ports/plans.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { SPECS } from './providers/index.ts';

/** The platform's own access to a provider; `baseUrl` null: the provider's own. */
export interface PlatformKey {
  values: SecretValues;
  baseUrl: string | null;
}

/** A key that is about to be used, and what becomes of it. */
export interface UsableKey {
  owner: 'tenant' | 'platform';
  values: SecretValues;
  baseUrl: string | null;
  /** The provider does not take it. */
  refused: () => Promise<void>;
  used: () => Promise<void>;
}

export interface KeySources extends Pick<Ports, 'modelKeys' | 'secrets'> {
  platform: Partial<Record<Provider, PlatformKey>>;
}

/** How long a key is held after it was read: only while its row names the same version. */
const HELD_MS = 5 * 60 * 1000;
const HELD_MAX = 1000;
const TOUCH_MS = 60_000;

interface Held {
  version: number;
  values: SecretValues;
  until: number;
  touchedAt: number;
}

/** Whose key a call goes by: the tenant's own, else the platform's where the tenant's plan brings it. */
export function createKeys({ modelKeys, secrets, platform }: KeySources) {
  const held = new Map<string, Held>();

  async function read(
    tenantId: TenantId,
    service: Provider,
    row: { vaultPath: string; version: number },
  ): Promise<Held> {
    const name = `${tenantId}/${service}`;
    const known = held.get(name);
    if (known?.version === row.version && known.until > Date.now()) return known;
    const secret = await secrets.read(row.vaultPath);
    if (!secret)
      throw new Fault('llm_auth', `the key for ${SPECS[service].title} is gone from the secret store; add it again`);
    const fresh = { version: row.version, values: secret.values, until: Date.now() + HELD_MS, touchedAt: 0 };
    held.delete(name);
    held.set(name, fresh);
    const [oldest] = held.keys();
    if (held.size > HELD_MAX && oldest !== undefined) held.delete(oldest);
    return fresh;
  }

  /** The platform's for a tenant of this plan, or why not. */
  const offered = (plan: string, service: Provider): PlatformKey | 'not_allowed' | 'none' =>
    planOf(plan).platformModels ? (platform[service] ?? 'none') : 'not_allowed';

  return {
    /** `llm_no_key`, or `llm_auth` for a key that was refused before. */
    async resolve(tenantId: TenantId, service: Provider): Promise<UsableKey> {
      const { plan, key: row } = await modelKeys.access(tenantId, service);
      const { title } = SPECS[service];
      if (!row) {
        const key = offered(plan, service);
        if (key === 'not_allowed')
          throw new Fault('llm_no_key', `this plan brings its own keys: add one for ${title} under model keys`);
        if (key === 'none')
          throw new Fault('llm_no_key', `there is no key for ${title}: add your own under model keys`);
        const nothing = () => Promise.resolve();
        return { ...key, owner: 'platform', refused: nothing, used: nothing };
      }
      if (row.state === 'rejected') {
        throw new Fault('llm_auth', `${title} does not take this key; replace it, or have it tested again`);
      }
      const key = await read(tenantId, service, row);
      return {
        owner: 'tenant',
        values: key.values,
        baseUrl: null,
        refused: () => modelKeys.mark(tenantId, service, row.version, 'rejected'),
        used: async () => {
          if (Date.now() - key.touchedAt < TOUCH_MS) return;
          key.touchedAt = Date.now();
          await modelKeys.touch(tenantId, service);
        },
      };
    },

    async state(tenantId: TenantId, service: Provider): Promise<KeyState> {
      const { plan, key: row } = await modelKeys.access(tenantId, service);
      if (row) return row.state === 'active' ? 'tenant' : 'rejected';
      const key = offered(plan, service);
      return typeof key === 'string' ? key : 'platform';
    },
  };
}
