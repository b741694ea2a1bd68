import type { OperationId, TenantId } from '../../ports/ids.ts';
import type { NewOperationEvent } from '../../ports/runs.ts';
import { local } from './activities.ts';
import { rootFailure } from './failures.ts';

type Facts = NonNullable<NewOperationEvent['data']>;

/** Tells an operation's steps as they happen: to those who watch, to the audit log and to the progress query. */
export const createStory = (operationId: OperationId, tenantId: TenantId, actor: string) => {
  const told: { step: string; state: NewOperationEvent['state'] }[] = [];
  const tell = async (
    step: string,
    state: NewOperationEvent['state'],
    message: string,
    data: Facts = {},
  ): Promise<void> => {
    told.push({ step, state });
    await local.recordProgress({ operationId, tenantId, actor, step, state, message, data });
  };
  return {
    told,
    tell,
    /** Runs one step and tells its beginning and its end; `facts` may draw ids and counts from the result. */
    step: async <Result>(
      step: string,
      message: string,
      run: () => Promise<Result>,
      facts: (result: Result) => Facts = () => ({}),
    ): Promise<Result> => {
      await tell(step, 'started', message);
      try {
        const result = await run();
        await tell(step, 'completed', message, facts(result));
        return result;
      } catch (error) {
        const { code, message: why } = rootFailure(error);
        if (code !== 'cancelled') await tell(step, 'failed', why, { code });
        throw error;
      }
    },
  };
};
export type Story = ReturnType<typeof createStory>;
