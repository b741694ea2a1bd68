import { randomBytes } from 'node:crypto';
import { Fault, isFault } from '../../ports/errors.ts';
import { scopeOfWorkflow } from '../../ports/operations.ts';
import type { SecretPort, StagedRef, StagingPort } from '../../ports/secrets.ts';

const FOLDER = 'staging/';
const MINUTE_MS = 60_000;

interface StagingOptions {
  ttlMs?: number;
  now?: () => number;
}

const gone = () => new Fault('not_found', 'The credentials are no longer held here; enter them again.');

const folderOf = (workflowId: string) => `${FOLDER}${scopeOfWorkflow(workflowId)}/`;
const expiryOf = (path: string) => Number(/\/(\d+)-[^/]*$/.exec(path)?.[1] ?? 0);

/** Staged secrets over any SecretPort. A path names its moment of expiry, so that sweeping needs no reading. */
export const createStaging = (
  secrets: SecretPort,
  { ttlMs = 15 * MINUTE_MS, now = Date.now }: StagingOptions = {},
): StagingPort => {
  let sweptAt = Number.NEGATIVE_INFINITY;
  /** Those that nobody fetched. What cannot be swept now is swept by a later call, and opens for nobody meanwhile. */
  const sweep = async (mine: string) => {
    if (now() - sweptAt < MINUTE_MS) return;
    sweptAt = now();
    // A token narrowed to one tenant sees no other's, and sweeps its own.
    const paths = await secrets.list(FOLDER).catch((error: unknown) => {
      if (isFault(error, 'secrets_denied')) return secrets.list(mine);
      throw error;
    });
    for (const path of paths) if (expiryOf(path) <= now()) await secrets.destroy(path);
  };
  const swept = (workflowId: string) => sweep(folderOf(workflowId)).catch(() => undefined);
  const isOurs = ({ staged }: StagedRef) => staged.startsWith(FOLDER);

  return {
    async stage(forWorkflowId, values) {
      const expiresAt = now() + ttlMs;
      const staged = `${folderOf(forWorkflowId)}${expiresAt}-${randomBytes(24).toString('hex')}`;
      await secrets.put(staged, 0, values, {
        class: 'staged',
        createdBy: 'staging',
        boundTo: forWorkflowId,
        expiresAt: new Date(expiresAt).toISOString(),
      });
      await swept(forWorkflowId);
      return { staged };
    },

    async open(ref, workflowId) {
      await swept(workflowId);
      // A reference may come from a payload: nothing outside this folder is ever read by it.
      const kept = isOurs(ref) ? await secrets.read(ref.staged) : null;
      if (!kept || kept.meta.boundTo !== workflowId) throw gone();
      if (!(Date.parse(kept.meta.expiresAt ?? '') > now())) {
        await secrets.destroy(ref.staged);
        throw gone();
      }
      return kept.values;
    },

    discard: async (ref) => {
      if (isOurs(ref)) await secrets.destroy(ref.staged);
    },
  };
};
