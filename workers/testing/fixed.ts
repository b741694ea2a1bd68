import { proxyActivities } from '@temporalio/workflow';

const { echo } = proxyActivities<{ echo: (text: string) => Promise<string> }>({ startToCloseTimeout: '10s' });

export async function order(text: string): Promise<string> {
  const heard = await echo(text);
  return `${heard} and done`;
}
