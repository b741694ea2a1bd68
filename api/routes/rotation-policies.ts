import { z } from 'zod';
import { PLATFORM } from '../../ports/ids.ts';
import { RotatedClassName, RotationPolicy } from '../../ports/rotation.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const PolicyWanted = RotationPolicy.omit({ secretClass: true }).meta({ id: 'RotationPolicyWanted' });
const byClass = z.strictObject({ class: RotatedClassName });

export const rotationPolicyRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/secrets/rotation/policies',
    summary: 'How each class of secrets is rotated: how often, how long both are accepted, who is asked',
    may: 'manageRotationPolicies',
    within: 'person',
    reply: { status: 200, schema: z.strictObject({ data: z.array(RotationPolicy), nextCursor: z.null() }) },
    handle: async () => ({ data: await deps.ports.rotations.policies(), nextCursor: null }),
  }),
  route({
    method: 'get',
    path: '/secrets/rotation/policies/:class',
    summary: 'The policy of one class',
    may: 'manageRotationPolicies',
    within: 'person',
    params: byClass,
    reply: { status: 200, schema: RotationPolicy },
    handle: async ({ params }) =>
      (await deps.ports.rotations.policies()).find(({ secretClass }) => secretClass === params.class),
  }),
  route({
    method: 'put',
    path: '/secrets/rotation/policies/:class',
    summary: 'Change the policy of one class, and its schedule with it',
    may: 'manageRotationPolicies',
    within: 'person',
    params: byClass,
    body: PolicyWanted,
    reply: { status: 200, schema: RotationPolicy },
    async handle({ params, body, principal, ctx }) {
      const policy: RotationPolicy = { secretClass: params.class, ...body };
      await deps.ports.rotations.setPolicy(policy);
      await deps.ports.workflows.ensureRotationSchedule(params.class, policy);
      await auditLine(deps, ctx, PLATFORM, {
        actor: principal.userId,
        action: 'rotation_policy.changed',
        resourceType: 'rotation_policy',
        resourceId: params.class,
        metadata: body,
      });
      return policy;
    },
  }),
];
