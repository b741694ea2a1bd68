import type { SecretValues, StagedRef } from '../ports/secrets.ts';
import type { ApiDeps } from './deps.ts';
import { gaveNoAnswer } from './temporal-faults.ts';

/**
 * Holds a credential for one workflow while it is told of it by reference. It is thrown away as soon as the outcome is
 * known; when Temporal gave no answer the workflow may still come for it, and it lapses by itself.
 */
export const withStaged = async <Result>(
  { ports, log }: Pick<ApiDeps, 'ports' | 'log'>,
  workflowId: string,
  values: SecretValues,
  use: (staged: StagedRef) => Promise<Result>,
): Promise<Result> => {
  const staged = await ports.staging.stage(workflowId, values);
  const discard = () =>
    ports.staging.discard(staged).catch((err: unknown) => {
      log.warn({ err }, 'a staged credential could not be thrown away; it lapses by itself');
    });
  try {
    const result = await use(staged);
    await discard();
    return result;
  } catch (error) {
    if (!gaveNoAnswer(error)) await discard();
    throw error;
  }
};
