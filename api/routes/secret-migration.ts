import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import { migrateSecretsId } from '../../ports/operations.ts';
import { Operation } from '../../ports/runs.ts';
import { confirmUpdate, migrateSecrets, progressQuery } from '../../workflows/migrate-secrets.ts';
import type { MoveView } from '../../workflows/migrate-secrets.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { startOperation } from '../start-operation.ts';
import { START_MS, update, within } from '../temporal.ts';

const count = (description: string) => z.number().int().meta({ description });

const MoveReport = z
  .strictObject({
    stage: z.enum(['looking', 'moving', 'comparing', 'waiting', 'erasing', 'ended']),
    dryRun: z.boolean(),
    paths: count('In the old store.'),
    byClass: z.record(z.string(), z.number().int()),
    moved: count('Of these, at home in the new store.'),
    same: count('Of these, found the same in both.'),
    erased: count('Of these, destroyed in the old store.'),
    refused: z.array(z.strictObject({ path: z.string(), message: z.string() })).meta({
      description: 'What a person must look at, at most twenty.',
    }),
    different: z.array(z.string()),
  })
  .meta({ id: 'SecretMoveReport' });

const Migration = z
  .strictObject({
    state: z.string().nullable().meta({ description: 'Of its workflow, such as RUNNING; null: none was started.' }),
    report: MoveReport.nullable(),
  })
  .meta({ id: 'SecretMigration' });

const Wanted = z
  .strictObject({ dryRun: z.boolean().default(false).meta({ description: 'Looks, and changes nothing.' }) })
  .meta({ id: 'SecretMigrationWanted' });

export const secretMigrationRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/secrets/migration',
    summary: 'How far the newest migration of secrets is: counts and paths, never a value',
    may: 'migrateSecrets',
    within: 'person',
    reply: { status: 200, schema: Migration },
    async handle() {
      const handle = deps.temporal.workflow.getHandle(migrateSecretsId());
      try {
        const { status } = await within(deps.temporal, START_MS, () => handle.describe());
        const report = await within(deps.temporal, START_MS, () => handle.query<MoveView, []>(progressQuery));
        return { state: status.name, report };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { state: null, report: null };
        throw error;
      }
    },
  }),
  route({
    method: 'post',
    path: '/secrets/migration',
    summary: 'Move all secrets from the old store to the new one; the old one keeps everything until that is confirmed',
    may: 'migrateSecrets',
    within: 'person',
    body: Wanted,
    reply: { status: 202, schema: Operation },
    async handle({ body: { dryRun }, principal: { userId }, onceKey, ctx }) {
      const operation = await startOperation(deps, {
        kind: 'migrateSecrets',
        work: migrateSecrets,
        workflowId: migrateSecretsId(),
        input: (operationId) => ({ operationId, actor: userId, dryRun }),
        scope: PLATFORM,
        startedBy: userId,
        onceKey,
        reuse: 'ALLOW_DUPLICATE',
        taken: new Fault(
          'conflict',
          'Secrets are being migrated already: GET /api/v1/secrets/migration says how far that is.',
        ),
      });
      ctx.set('Location', `/api/v1/operations/${operation.id}`);
      return operation;
    },
  }),
  route({
    method: 'post',
    path: '/secrets/migration/confirm',
    summary: 'Everything was moved and is the same: have it destroyed in the old store',
    may: 'migrateSecrets',
    within: 'person',
    reply: { status: 202, schema: MoveReport },
    async handle({ principal: { userId }, onceKey, ctx }) {
      const report = await update(deps.temporal, {
        workflowId: migrateSecretsId(),
        definition: confirmUpdate,
        args: [{ actor: userId }],
        updateId: onceKey ?? randomUUID(),
        ended: new Fault(
          'conflict',
          'No migration waits to be confirmed; start one by POST /api/v1/secrets/migration.',
        ),
      });
      await auditLine(deps, ctx, PLATFORM, {
        actor: userId,
        action: 'secrets.migration_confirmed',
        resourceType: 'secret_store',
        resourceId: PLATFORM,
      });
      return report;
    },
  }),
];
