import { CancellationScope, defineQuery, setHandler } from '@temporalio/workflow';
import type { Write } from '../activities/writes.ts';
import type { WriteReceipt } from '../ports/connectors.ts';
import { MESSAGES } from '../ports/operations.ts';
import { asFailure } from './lib/failures.ts';
import { writes } from './lib/activities.ts';
import { createPatience } from './lib/patience.ts';

export const progressQuery = defineQuery<'writing' | 'written'>(MESSAGES.progress);

/**
 * The one way to change a tenant's system: one create or delete, once, whatever dies in between.
 * A cancellation waits for the write under way: its outcome must be known. One for the connection to work again ends at once.
 */
export async function connectorWrite(write: Write): Promise<WriteReceipt> {
  let stage: 'writing' | 'written' = 'writing';
  setHandler(progressQuery, () => stage);
  const patiently = createPatience();
  try {
    const receipt = await patiently(
      () => write,
      () => CancellationScope.nonCancellable(() => writes.performWrite(write)),
    );
    stage = 'written';
    return receipt;
  } catch (error) {
    throw asFailure(error);
  }
}
