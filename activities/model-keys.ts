import { Fault, isFault } from '../ports/errors.ts';
import type { TenantId, UserId } from '../ports/ids.ts';
import type { WorkerPorts } from '../ports/index.ts';
import type { Provider } from '../ports/models.ts';
import { apiKeySecretPath, expectedWhenGone, sameValues } from '../ports/secrets.ts';
import type { StagedRef } from '../ports/secrets.ts';
import { myWorkflowId } from './grants.ts';

/** A key that a tenant brings to a model provider; `kept`: the version that is tested again, null for a new one. */
export interface GivenKey {
  tenantId: TenantId;
  service: Provider;
  staged: StagedRef;
  kept: number | null;
}

type Needs = Pick<WorkerPorts, 'llm' | 'modelKeys' | 'secrets' | 'staging' | 'audit' | 'workflows'>;

/** Tenants' own keys at model providers: tested by a real call, and only then kept. */
export const createModelKeyActivities = ({ llm, modelKeys, secrets, staging, audit, workflows }: Needs) => {
  /** A key that was never here, or the next one. Its version; idempotent. */
  const keepNew = async ({ tenantId, service, staged }: GivenKey, actor: UserId): Promise<number> => {
    const values = await staging.open(staged, myWorkflowId());
    const vaultPath = apiKeySecretPath(tenantId, service);
    const current = await secrets.read(vaultPath);
    const version =
      current && sameValues(current.values, values)
        ? current.version
        : await secrets.put(vaultPath, current?.version ?? (await expectedWhenGone(secrets, vaultPath)), values, {
            class: 'vendor_api_key',
            createdBy: actor,
          });
    await modelKeys.put(tenantId, { service, vaultPath, version, addedBy: actor });
    return version;
  };

  return {
    testModelKey: async ({ tenantId, service, staged, kept }: GivenKey): Promise<void> => {
      const values = await staging.open(staged, myWorkflowId());
      try {
        await llm.listModels(service, values);
      } catch (error) {
        if (!isFault(error, 'llm_auth')) throw error;
        if (kept !== null) await modelKeys.mark(tenantId, service, kept, 'rejected');
        // What its owner typed, and can mend.
        throw new Fault('credential_rejected', error.message, {
          fields: [{ path: 'apiKey', message: 'is not taken by the provider' }],
          providerCode: error.providerCode,
        });
      }
    },

    /** Idempotent. Runs that wait for a key look again. */
    keepModelKey: async (key: GivenKey, actor: UserId): Promise<void> => {
      const { tenantId, service, kept } = key;
      // One that was tested again lies there already. If it was removed or replaced meanwhile, it does not come back.
      if (kept !== null) await modelKeys.mark(tenantId, service, kept, 'active');
      const version = kept ?? (await keepNew(key, actor));
      await audit.append(tenantId, {
        key: `model-key/${service}/${version}`,
        actor,
        action: 'model_key.kept',
        resourceType: 'model_key',
        resourceId: service,
        metadata: { version },
      });
      await workflows.wakeModels(tenantId);
    },
  };
};
