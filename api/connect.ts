import { z } from 'zod';
import type { Connection } from '../ports/connections.ts';
import type { AuthMethod } from '../ports/connector-info.ts';
import { Fault } from '../ports/errors.ts';
import { Text } from '../ports/ids.ts';
import type { UserId } from '../ports/ids.ts';
import { connectionWorkflowId } from '../ports/operations.ts';
import type { SecretValues } from '../ports/secrets.ts';
import { importGrantUpdate, submitCredentialsUpdate } from '../workflows/lib/connection-messages.ts';
import type { ApiDeps } from './deps.ts';
import { withStaged } from './staged.ts';
import { updateConnection } from './update-connection.ts';

export const Fields = z.record(z.string().max(60), Text.max(16_384)).meta({
  id: 'CredentialFields',
  description: 'By the names that the method’s `fields` give. A refused field is named in `errors` by the same name.',
});
export type Fields = z.infer<typeof Fields>;

export const MethodId = z.string().max(60);

export const Credential = z.strictObject({
  method: MethodId.optional().meta({
    description: 'One of the connector’s `auth`; the first that fits when left out.',
  }),
  fields: Fields.default({}),
});

export const Connect = Credential.extend({
  acceptOtherAccount: z
    .boolean()
    .optional()
    .meta({ description: 'Connect again with another account than before. Without it that is a conflict.' }),
}).meta({ id: 'ConnectByCredential' });
export type Connect = z.infer<typeof Connect>;

/** The method that is meant, when it goes this way: by a form of ours or by the vendor's own page. */
const methodFor = (
  { ports }: Pick<ApiDeps, 'ports'>,
  connectorId: string,
  methodId: string | undefined,
  flow: AuthMethod['flow'],
): AuthMethod => {
  const { auth } = ports.connectors.info(connectorId);
  const method =
    methodId === undefined ? auth.find((it) => it.flow === flow) : ports.connectors.method(connectorId, methodId);
  if (method?.flow === flow) return method;
  throw new Fault(
    'unsupported',
    flow === 'form'
      ? `${connectorId} is connected at the vendor’s own page: POST /oauth/authorize/${connectorId}.`
      : `${connectorId} is connected by its own credential: POST …/connect with its fields.`,
    { fields: methodId === undefined ? [] : [{ path: 'method', message: 'does not go this way' }] },
  );
};

/** The fields as the method takes them, secret apart from public; each wrong one is named. */
export const checkedFields = (
  deps: Pick<ApiDeps, 'ports'>,
  connectorId: string,
  { method: methodId, fields }: { method?: string | undefined; fields: Fields },
  flow: AuthMethod['flow'],
) => {
  const method = methodFor(deps, connectorId, methodId, flow);
  return { methodId: method.id, ...deps.ports.connectors.checkFields(connectorId, method.id, fields) };
};

interface By {
  actor: UserId;
  onceKey: string | null;
}

/** Tested against the system first; only what works is kept. */
export const connectByFields = (
  deps: ApiDeps,
  { tenantId, id, connectorId }: Connection,
  { method, fields, acceptOtherAccount }: Connect,
  { actor, onceKey }: By,
) => {
  const { methodId, secret, settings } = checkedFields(deps, connectorId, { method, fields }, 'form');
  const workflowId = connectionWorkflowId(tenantId, id);
  const other = acceptOtherAccount === true ? { acceptOtherAccount } : {};
  return withStaged(deps, workflowId, secret, (staged) =>
    updateConnection(
      deps,
      { tenantId, id },
      submitCredentialsUpdate,
      [{ staged, methodId, settings, actor, ...other }],
      onceKey,
    ),
  );
};

interface Import {
  method?: string | undefined;
  fields: Fields;
  grant: SecretValues;
  expiresAt: string | null;
}

/** Tokens that were granted to this very application elsewhere. They are tested like any other credential. */
export const connectByGrant = (
  deps: ApiDeps,
  { tenantId, id, connectorId }: Connection,
  { method: methodId, fields, grant, expiresAt }: Import,
  { actor, onceKey }: By,
) => {
  const method = deps.ports.connectors.method(connectorId, methodId);
  const { secret, settings } = deps.ports.connectors.checkFields(connectorId, method.id, fields);
  const workflowId = connectionWorkflowId(tenantId, id);
  return withStaged(deps, workflowId, { ...secret, ...grant }, (staged) =>
    updateConnection(
      deps,
      { tenantId, id },
      importGrantUpdate,
      [{ staged, methodId: method.id, settings, actor, expiresAt }],
      onceKey,
    ),
  );
};
