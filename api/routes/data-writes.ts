import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { Operation } from '../../ports/runs.ts';
import { ItemId, Name, streamNamed } from '../data-query.ts';
import type { StreamOfTenant } from '../data-query.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { startWrite } from '../start-write.ts';
import { FileFacts, receiveUpload } from '../upload.ts';

/** The operation that a change is, and what came of it where that is known already. */
const Written = Operation.extend({
  receipt: z.strictObject({ externalId: z.string(), link: z.string().nullable() }).nullable(),
}).meta({ id: 'Written' });

/** Judged by the connector: which fields there are is its own business. */
const Input = z.record(z.string().max(200), z.unknown()).meta({ id: 'WriteInput' });

const InStream = z.strictObject({ id: Name, resource: Name });
const OneOfStream = InStream.extend({ itemId: ItemId });

const description =
  'Answers 202 with the operation; with `Prefer: wait` (or `wait=SECONDS`, at most 60) the receipt, where the change was made by then. The Idempotency-Key is the change’s own name: it is made once. Where the tenant’s settings say so, people are asked first.';

const refuseFile = ({ stream, title }: StreamOfTenant): void => {
  if (!stream.upload) throw new Fault('unsupported', `${title} takes no files for ${stream.name}; send JSON.`);
};

const refOf = ({ sha256: _, ...facts }: FileFacts) => facts;

/** Changes in the tenant's own system, each by a workflow. */
const under = (deps: ApiDeps, base: '/connections' | '/connectors'): Route[] => [
  route({
    method: 'post',
    path: `${base}/:id/data/:resource`,
    summary: 'Create a record in the tenant’s own system',
    description,
    may: 'manageIntegrations',
    within: 'tenant',
    params: InStream,
    body: Input,
    reply: { status: 202, schema: Written },
    async handle({ params, body, tenantId, principal, onceKey, ctx }) {
      const at = await streamNamed(deps, tenantId, params.id, params.resource);
      const action = { kind: 'create', input: body } as const;
      return startWrite(deps, { tenantId, startedBy: principal.userId, onceKey, at, action, ctx });
    },
  }),
  route({
    method: 'patch',
    path: `${base}/:id/data/:resource/:itemId`,
    summary: 'Change a record in the tenant’s own system',
    description,
    may: 'manageIntegrations',
    within: 'tenant',
    params: OneOfStream,
    body: Input,
    reply: { status: 202, schema: Written },
    async handle({ params, body, tenantId, principal, onceKey, ctx }) {
      const at = await streamNamed(deps, tenantId, params.id, params.resource);
      const action = { kind: 'update', externalId: params.itemId, input: body } as const;
      return startWrite(deps, { tenantId, startedBy: principal.userId, onceKey, at, action, ctx });
    },
  }),
  route({
    method: 'delete',
    path: `${base}/:id/data/:resource/:itemId`,
    summary: 'Delete a record in the tenant’s own system',
    description: `${description} What is gone already is gone.`,
    may: 'manageIntegrations',
    within: 'tenant',
    params: OneOfStream,
    reply: { status: 202, schema: Written },
    async handle({ params, tenantId, principal, onceKey, ctx }) {
      const at = await streamNamed(deps, tenantId, params.id, params.resource);
      const action = { kind: 'delete', externalId: params.itemId } as const;
      return startWrite(deps, { tenantId, startedBy: principal.userId, onceKey, at, action, ctx });
    },
  }),
  route({
    method: 'post',
    path: `${base}/:id/data/:resource/upload`,
    summary: 'Create a record with a file in the tenant’s own system',
    description: `By multipart: \`file\`, and \`input\` with the record’s fields as JSON. As large as the tenant’s settings allow. ${description}`,
    may: 'manageIntegrations',
    within: 'tenant',
    params: InStream,
    body: z.strictObject({ input: Input, file: FileFacts }),
    multipart: {
      form: z.strictObject({
        file: z.file(),
        input: z.string().optional().meta({ contentMediaType: 'application/json' }),
      }),
      async receive({ params, tenantId, ctx }) {
        refuseFile(await streamNamed(deps, tenantId, params.id, params.resource));
        return receiveUpload(deps, ctx, tenantId);
      },
    },
    reply: { status: 202, schema: Written },
    async handle({ params, body, staged, tenantId, principal, onceKey, ctx }) {
      const at = await streamNamed(deps, tenantId, params.id, params.resource);
      const file = { ...refOf(body.file), objectKey: staged ?? '' };
      const action = { kind: 'create', input: body.input, file } as const;
      return startWrite(deps, { tenantId, startedBy: principal.userId, onceKey, at, action, ctx });
    },
  }),
];

export const dataWriteRoutes = (deps: ApiDeps): Route[] => [
  ...under(deps, '/connections'),
  ...under(deps, '/connectors'),
];
