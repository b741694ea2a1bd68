import { z } from 'zod';
import { WorkflowNotFoundError } from '@temporalio/client';
import { Fault } from '../../ports/errors.ts';
import { Text } from '../../ports/ids.ts';
import { rotateSecretId } from '../../ports/operations.ts';
import { dueAtMs, RotatedClassName, Rotation } from '../../ports/rotation.ts';
import type { RotationCandidate } from '../../ports/rotation.ts';
import { Operation } from '../../ports/runs.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { auditLine } from '../audit-line.ts';
import { Fields } from '../connect.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { startRotation } from '../start-rotation.ts';
import { submitSuccessor } from '../submit-successor.ts';
import { START_MS, within } from '../temporal.ts';

const Rotated = z
  .strictObject({
    secretClass: RotatedClassName,
    subject: z.string(),
    since: z.iso.datetime().meta({ description: 'Since when the one in use is.' }),
    dueAt: z.iso.datetime().nullable().meta({ description: 'By its policy; null where none asks.' }),
    drift: z.boolean().meta({ description: 'Older than its policy says.' }),
    nextRunAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When this class is looked at next; null: only when somebody asks.' }),
    last: Rotation.nullable().meta({ description: 'The newest rotation: where it stands, or how it ended.' }),
  })
  .meta({ id: 'RotatedSecret' });

const StartRotation = z
  .strictObject({ secretClass: RotatedClassName, subject: Text.min(1).max(200) })
  .meta({ id: 'StartRotation' });
const Started = Operation.extend({ rotationId: z.uuid() }).meta({ id: 'RotationStarted' });
const Successor = z.strictObject({ fields: Fields }).meta({ id: 'Successor' });

const byId = z.strictObject({ id: z.uuid() });

const listed = (deps: ApiDeps): Route =>
  route({
    method: 'get',
    path: '/secrets/rotation',
    summary: 'Every secret that is rotated: how old it is, whether that is too old, when it is next, how it went last',
    may: 'manageSecrets',
    within: 'scope',
    query: PageQuery.extend({ drift: z.enum(['true', 'false']).optional() }),
    reply: { status: 200, schema: pageOf(Rotated) },
    async handle({ query: { drift, ...page }, scope }) {
      const { rotation, rotations, workflows } = deps.ports;
      const [targets, policies, latest, schedules] = await Promise.all([
        rotation.targets(scope),
        rotations.policies(),
        rotations.latest(scope),
        workflows.listRotationSchedules(),
      ]);
      const shown = ({ secretClass, subject, since }: RotationCandidate): z.infer<typeof Rotated> => {
        const policy = policies.find((one) => one.secretClass === secretClass);
        const dueMs = policy === undefined ? null : dueAtMs(policy, since);
        return {
          ...{ secretClass, subject, since },
          dueAt: dueMs === null ? null : new Date(dueMs).toISOString(),
          drift: dueMs !== null && dueMs <= Date.now(),
          nextRunAt: schedules.find((one) => one.secretClass === secretClass)?.nextAt ?? null,
          last: latest.find((one) => one.secretClass === secretClass && one.subject === subject) ?? null,
        };
      };
      const all = targets.map(shown).filter((one) => drift === undefined || String(one.drift) === drift);
      return paginate(all, page, ({ secretClass, subject }) => `${secretClass}/${subject}`);
    },
  });

const start = (deps: ApiDeps): Route =>
  route({
    method: 'post',
    path: '/secrets/rotations',
    summary: 'Rotate one secret now, whatever its age',
    may: 'manageSecrets',
    within: 'scope',
    body: StartRotation,
    reply: { status: 202, schema: Started },
    async handle({ body: { secretClass, subject }, scope, principal, onceKey, ctx }) {
      const target = { scope, secretClass, subject };
      const known = await deps.ports.rotation.targets(scope, secretClass);
      if (!known.some((one) => one.subject === subject)) {
        throw new Fault(
          'not_found',
          `There is no ${secretClass} named ${subject} here; GET /api/v1/secrets/rotation lists what can be rotated.`,
        );
      }
      const plan = await deps.ports.rotation.plan(target);
      if (plan.by === null) throw new Fault('unsupported', plan.why);
      const started = await startRotation(deps, { target, startedBy: principal.userId, onceKey });
      ctx.set('Location', `/api/v1/operations/${started.id}`);
      return started;
    },
  });

const cancel = (deps: ApiDeps): Route =>
  route({
    method: 'post',
    path: '/secrets/rotations/:id/cancel',
    summary: 'Cancel: the old one is in use as before, the new one is gone',
    may: 'manageSecrets',
    within: 'scope',
    params: byId,
    reply: { status: 202, schema: Rotation },
    async handle({ params: { id }, scope, ctx, principal }) {
      const rotation = await deps.ports.rotations.get(scope, id);
      const { secretClass, subject, outcome, step } = rotation;
      const over = () => new Fault('conflict', 'This rotation has ended; there is nothing to cancel.');
      if (outcome !== 'running') throw over();
      if (step === 'revoking') {
        throw new Fault('conflict', 'The old one is being taken back; rotate again if the new one does not serve.');
      }
      const handle = deps.temporal.workflow.getHandle(rotateSecretId(scope, secretClass, subject));
      try {
        await within(deps.temporal, START_MS, () => handle.cancel());
      } catch (error) {
        throw error instanceof WorkflowNotFoundError ? over() : error;
      }
      const line = { action: 'rotation.cancelled', resourceType: secretClass, resourceId: subject };
      await auditLine(deps, ctx, scope, { actor: principal.userId, ...line });
      ctx.set('Location', `/api/v1/secrets/rotations/${id}`);
      return rotation;
    },
  });

export const rotationRoutes = (deps: ApiDeps): Route[] => [
  listed(deps),
  start(deps),
  route({
    method: 'get',
    path: '/secrets/rotations/:id',
    summary: 'Where one rotation stands, or how it ended',
    may: 'manageSecrets',
    within: 'scope',
    params: byId,
    reply: { status: 200, schema: Rotation },
    handle: ({ params: { id }, scope }) => deps.ports.rotations.get(scope, id),
  }),
  route({
    method: 'post',
    path: '/secrets/rotations/:id/successor',
    summary:
      'Enter the new one that a rotation asks for: answered when it was tested, and refused by field when it does not work',
    may: 'manageSecrets',
    within: 'scope',
    params: byId,
    body: Successor,
    reply: { status: 200, schema: Rotation },
    async handle({ params: { id }, body: { fields }, scope, principal, onceKey }) {
      const { outcome, secretClass, subject } = await deps.ports.rotations.get(scope, id);
      if (outcome !== 'running') {
        throw new Fault('conflict', `The rotation ${id} has ended; start another one.`);
      }
      await submitSuccessor(deps, { scope, rotationId: id, secretClass, subject }, fields, {
        actor: principal.userId,
        onceKey,
      });
      return deps.ports.rotations.get(scope, id);
    },
  }),
  cancel(deps),
];
