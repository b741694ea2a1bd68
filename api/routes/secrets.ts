import type { Context } from 'koa';
import { z } from 'zod';
import { Fault, isFault } from '../../ports/errors.ts';
import type { Scope, UserId } from '../../ports/ids.ts';
import { Operation } from '../../ports/runs.ts';
import { ROTATED_CLASSES, UNROTATED } from '../../ports/secret-classes.ts';
import { scopeSecretPrefix } from '../../ports/secrets.ts';
import type { SecretInfo, SecretVersionInfo } from '../../ports/secrets.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { auditLine } from '../audit-line.ts';
import { Fields } from '../connect.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { keeperOf, refused } from '../secret-keepers.ts';
import { startRotation } from '../start-rotation.ts';

const DAY_MS = 86_400_000;
const SHOWN_MAX = 10;
/** Every version of each is looked at. */
const LIMIT_MAX = 50;

const State = z.enum(['held', 'deleted', 'destroyed']);
const Listed = z
  .strictObject({
    name: z.string().meta({ description: 'In other routes one path segment: write each “/” as %2F.' }),
    class: z
      .enum([...ROTATED_CLASSES, ...UNROTATED])
      .nullable()
      .meta({ description: 'Null when it cannot be read, or nothing is held.' }),
    version: z.number().int().meta({ description: 'The newest; 0 when it cannot be read. What If-Match takes.' }),
    state: z.union([State, z.literal('unreadable')]),
    createdBy: z.string().nullable(),
    createdAt: z.string().nullable(),
    ageDays: z.number().int().nullable(),
    rotateBy: z.string().nullable().meta({ description: 'By the default policy of its class.' }),
    versions: z
      .array(z.strictObject({ version: z.number().int(), state: State, createdAt: z.string().nullable() }))
      .meta({ description: `The newest ${SHOWN_MAX}.` }),
  })
  .meta({ id: 'SecretListed' });
type Listed = z.infer<typeof Listed>;

const Replaced = z
  .strictObject({
    name: z.string(),
    version: z.number().int().nullable().meta({ description: 'Null while the operation tests the new one.' }),
    operation: Operation.nullable(),
  })
  .meta({ id: 'SecretReplaced' });
const Gone = z.strictObject({ name: z.string(), state: z.enum(['deleted', 'destroyed']) }).meta({ id: 'SecretGone' });

const params = z.strictObject({
  name: z
    .string()
    .max(200)
    .regex(/^(?!.*(^|\/)\.{1,2}(\/|$))[\w.~@:=+-]+(\/[\w.~@:=+-]+)*$/, 'is no name of a secret'),
});

const shown = (name: string, { versions }: SecretInfo): Listed => {
  const [newest] = versions;
  const meta = newest?.meta ?? null;
  const first = ({ version, state, meta: known }: SecretVersionInfo) => ({
    ...{ version, state, createdAt: known?.createdAt ?? null },
  });
  return {
    name,
    class: meta?.class ?? null,
    version: newest?.version ?? 0,
    state: newest?.state ?? 'destroyed',
    createdBy: meta?.createdBy ?? null,
    createdAt: meta?.createdAt ?? null,
    ageDays: meta && Math.max(0, Math.floor((Date.now() - Date.parse(meta.createdAt)) / DAY_MS)),
    rotateBy: meta?.rotateBy ?? null,
    versions: versions.slice(0, SHOWN_MAX).map(first),
  };
};
const unreadable = (name: string): Listed => ({
  ...{ name, class: null, version: 0, state: 'unreadable', createdBy: null, createdAt: null, ageDays: null },
  ...{ rotateBy: null, versions: [] },
});

const expectedBy = (ctx: Context): number => {
  const [, version] = /^"?([1-9]\d{0,8})"?$/.exec(ctx.get('If-Match')) ?? [];
  if (version !== undefined) return Number(version);
  throw new Fault('invalid_request', 'Say which version is replaced: send its number as If-Match.', {
    fields: [{ path: 'If-Match', message: 'is not the number of a version' }],
  });
};

export const secretRoutes = (deps: ApiDeps): Route[] => {
  const { secrets } = deps.ports;
  const pathOf = (scope: Scope, name: string) => scopeSecretPrefix(scope) + name;
  const noSuch = () => new Fault('not_found', 'There is no such secret here; GET /api/v1/secrets lists what there is.');

  const described = async (scope: Scope, name: string): Promise<Listed | null> => {
    try {
      const info = await secrets.describe(pathOf(scope, name));
      return info && shown(name, info);
    } catch (error) {
      // One that is damaged hides no other. A store that is away is: then nothing is known.
      if (!isFault(error, 'unavailable')) throw error;
      await secrets.health();
      return unreadable(name);
    }
  };

  const take =
    (how: 'delete' | 'destroy') =>
    async ({ name, scope, userId, ctx }: { name: string; scope: Scope; userId: UserId; ctx: Context }) => {
      const found = await described(scope, name);
      if (found === null || (how === 'delete' && found.state !== 'held')) throw noSuch();
      const { remove } = await keeperOf(deps, scope, name, found.class);
      if (remove !== null) throw refused(remove);
      await secrets[how](pathOf(scope, name));
      const state = how === 'delete' ? ('deleted' as const) : ('destroyed' as const);
      const line = { action: `secret.${state}`, resourceType: 'secret', resourceId: name };
      await auditLine(deps, ctx, scope, { actor: userId, ...line, metadata: { version: found.version } });
      return { name, state };
    };

  return [
    route({
      method: 'get',
      path: '/secrets',
      summary: 'What is kept: names, versions and age, never a value',
      may: 'manageSecrets',
      within: 'scope',
      query: PageQuery.extend({ limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_MAX) }),
      reply: { status: 200, schema: pageOf(Listed) },
      async handle({ query, scope }) {
        const prefix = scopeSecretPrefix(scope);
        const names = (await secrets.list(prefix)).map((path) => path.slice(prefix.length));
        const { data, nextCursor } = paginate(names, query, (name) => name);
        const found = await Promise.all(data.map((name) => described(scope, name)));
        return { data: found.filter((one) => one !== null), nextCursor };
      },
    }),
    route({
      method: 'put',
      path: '/secrets/:name',
      summary: 'Replace a secret. Where the new one can be tested, an operation does that before anyone uses it',
      description: 'Write-only, by compare-and-set: `If-Match` carries the number of the version that is replaced.',
      may: 'manageSecrets',
      within: 'scope',
      params,
      body: z.strictObject({ fields: Fields }).meta({ id: 'SecretWanted' }),
      reply: { status: 202, schema: Replaced },
      async handle({ params: { name }, body: { fields }, scope, principal: { userId }, onceKey, ctx }) {
        const expected = expectedBy(ctx);
        const current = await secrets.read(pathOf(scope, name));
        if (current === null) throw noSuch();
        const { class: secretClass } = current.meta;
        const { replace } = await keeperOf(deps, scope, name, secretClass);
        if (typeof replace === 'string') throw refused(replace);
        if (current.version !== expected) {
          const message = `This secret is at version ${current.version} by now; look at it again.`;
          throw new Fault('stale_version', message);
        }
        const line = { action: 'secret.replaced', resourceType: 'secret', resourceId: name };
        if (replace === null) {
          const version = await secrets.put(pathOf(scope, name), expected, fields, {
            ...{ class: secretClass, createdBy: userId },
          });
          await auditLine(deps, ctx, scope, { actor: userId, ...line, metadata: { version } });
          return { name, version, operation: null };
        }
        const plan = await deps.ports.rotation.plan(replace);
        if (plan.by === null) throw new Fault('unsupported', plan.why);
        const rotation = await startRotation(deps, { target: replace, startedBy: userId, onceKey, given: fields });
        const { rotationId, ...operation } = rotation;
        await auditLine(deps, ctx, scope, { actor: userId, ...line, metadata: { rotationId } });
        ctx.set('Location', `/api/v1/operations/${operation.id}`);
        return { name, version: null, operation };
      },
    }),
    route({
      method: 'delete',
      path: '/secrets/:name',
      summary: 'Take a secret away; whoever runs the store can bring it back',
      may: 'manageSecrets',
      within: 'scope',
      params,
      reply: { status: 200, schema: Gone },
      handle: ({ params: { name }, scope, principal: { userId }, ctx }) => take('delete')({ name, scope, userId, ctx }),
    }),
    route({
      method: 'post',
      path: '/secrets/:name/destroy',
      summary: 'Destroy a secret, every version of it, for good',
      may: 'manageSecrets',
      within: 'scope',
      params,
      reply: { status: 200, schema: Gone },
      handle: ({ params: { name }, scope, principal: { userId }, ctx }) =>
        take('destroy')({ name, scope, userId, ctx }),
    }),
  ];
};
