import { proxyActivities } from '@temporalio/workflow';

const { echo } = proxyActivities<{ echo: (text: string) => Promise<string> }>({ startToCloseTimeout: '10s' });

/** The workflow of `fixed.ts` with a bug after its first step. */
export async function order(text: string): Promise<string> {
  const heard = await echo(text);
  throw new TypeError(`cannot read ${heard} of undefined`);
}
