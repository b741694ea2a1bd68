import { randomUUID } from 'node:crypto';
import type { Scope } from '../ports/ids.ts';
import { QUEUES, verifyCredentialId, WORKFLOWS } from '../ports/operations.ts';
import type { SecretValues, StagedRef } from '../ports/secrets.ts';
import { searchAttributes } from '../workflows/lib/attributes.ts';
import { verifyCredential } from '../workflows/verify-credential.ts';
import type { VerifyInput } from '../workflows/verify-credential.ts';
import type { ApiDeps } from './deps.ts';
import { withStaged } from './staged.ts';
import { RESULT_MS, within } from './temporal.ts';

type Subject = VerifyInput['subject'];

const run = (deps: ApiDeps, workflowId: string, input: VerifyInput) =>
  within(deps.temporal, RESULT_MS, () =>
    deps.temporal.workflow.execute(verifyCredential, {
      workflowId,
      taskQueue: QUEUES.operations,
      args: [input],
      typedSearchAttributes: searchAttributes({ tenantId: input.scope, operation: WORKFLOWS.verifyCredential }),
    }),
  );

/** Asks the vendor about a secret that is held for this question alone. What it refuses is not kept. */
export const verifyStaged = (
  deps: ApiDeps,
  { scope, actor }: { scope: Scope; actor: string },
  values: SecretValues,
  subject: (staged: StagedRef) => Subject,
) => {
  const workflowId = verifyCredentialId(scope, randomUUID());
  return withStaged(deps, workflowId, values, (staged) =>
    run(deps, workflowId, { scope, actor, subject: subject(staged) }),
  );
};
