import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { Text } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Principal } from '../../ports/identity.ts';
import { ModelKey } from '../../ports/model-keys.ts';
import { KeyState, Provider, PROVIDERS } from '../../ports/models.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { verifyStaged } from '../verify.ts';

const NewKey = z
  .strictObject({
    apiKey: Text.min(1).max(500).meta({ description: 'Never shown again.' }),
    endpoint: z
      .url({ protocol: /^https$/ })
      .max(300)
      .optional()
      .meta({ description: 'For Azure alone: the address of your resource, https://<name>.openai.azure.com.' }),
  })
  .meta({ id: 'NewModelKey' });

const KeyOf = z
  .strictObject({
    service: Provider,
    state: KeyState,
    key: ModelKey.nullable().meta({ description: 'The tenant’s own; null: it has none here.' }),
  })
  .meta({ id: 'ModelKeyOf' });

const params = z.strictObject({ service: Provider });
const Removed = z.strictObject({ service: Provider }).meta({ id: 'ModelKeyRemoved' });

export const modelKeyRoutes = (deps: ApiDeps): Route[] => {
  const { modelKeys, secrets, llm } = deps.ports;
  const shown = async (tenantId: TenantId, service: Provider): Promise<z.infer<typeof KeyOf>> => {
    const [state, key] = await Promise.all([llm.keyState(tenantId, service), modelKeys.find(tenantId, service)]);
    return { service, state, key };
  };
  const kept = async (tenantId: TenantId, service: Provider): Promise<ModelKey> => {
    const key = await modelKeys.find(tenantId, service);
    if (key === null) throw new Fault('not_found', `There is no key of your own at ${service}.`);
    return key;
  };
  /** Asked of the provider, and kept when it takes it. */
  const keep = (
    tenantId: TenantId,
    { userId }: Principal,
    service: Provider,
    values: SecretValues,
    version: number | null,
  ) =>
    verifyStaged(deps, { scope: tenantId, actor: userId }, values, (staged) => ({
      ...{ kind: 'model_key', actor: userId, tenantId, service, staged, kept: version },
    }));

  return [
    route({
      method: 'get',
      path: '/model-keys',
      summary: 'Every model provider: whether it can be asked, and by whose key',
      may: 'manageIntegrations',
      within: 'tenant',
      reply: { status: 200, schema: z.strictObject({ data: z.array(KeyOf), nextCursor: z.null() }) },
      handle: async ({ tenantId }) => ({
        data: await Promise.all(PROVIDERS.map((service) => shown(tenantId, service))),
        nextCursor: null,
      }),
    }),
    route({
      method: 'put',
      path: '/model-keys/:service',
      summary: 'Bring a key of your own, or the next one: asked of the provider first, kept only when it is taken',
      may: 'manageIntegrations',
      within: 'tenant',
      params,
      body: NewKey,
      reply: { status: 200, schema: KeyOf },
      async handle({ params: { service }, body: { apiKey, endpoint }, tenantId, principal }) {
        await keep(tenantId, principal, service, { apiKey, ...(endpoint !== undefined && { endpoint }) }, null);
        return shown(tenantId, service);
      },
    }),
    route({
      method: 'post',
      path: '/model-keys/:service/test',
      summary: 'Ask the provider whether it still takes your key; one that was refused in use is used again if it does',
      may: 'manageIntegrations',
      within: 'tenant',
      params,
      reply: { status: 200, schema: KeyOf },
      async handle({ params: { service }, tenantId, principal }) {
        const { vaultPath, version } = await kept(tenantId, service);
        const secret = await secrets.read(vaultPath);
        if (secret === null) throw new Fault('conflict', 'The key is gone from the secret store; bring it again.');
        await keep(tenantId, principal, service, secret.values, version);
        return shown(tenantId, service);
      },
    }),
    route({
      method: 'delete',
      path: '/model-keys/:service',
      summary: 'Forget your key: no call goes by it from now on',
      may: 'manageIntegrations',
      within: 'tenant',
      params,
      reply: { status: 200, schema: Removed },
      async handle({ params: { service }, tenantId, principal, ctx }) {
        const { vaultPath } = await kept(tenantId, service);
        // The path itself stays, so that numbers go on: a worker that holds this version must not take the next key for it.
        const versions = (await secrets.describe(vaultPath))?.versions ?? [];
        await secrets.destroyVersions(
          vaultPath,
          versions.map(({ version }) => version),
        );
        await modelKeys.remove(tenantId, service);
        await auditLine(deps, ctx, tenantId, {
          actor: principal.userId,
          action: 'model_key.removed',
          resourceType: 'model_key',
          resourceId: service,
        });
        return { service };
      },
    }),
  ];
};
