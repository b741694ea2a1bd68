/** Small workflows that only tests run: each shows one way in which payloads travel. */
import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  getExternalWorkflowHandle,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  startChild,
} from '@temporalio/workflow';

interface Activities {
  echo: (text: string) => Promise<string>;
  fail: (text: string) => Promise<never>;
  beat: (text: string) => Promise<string>;
  blob: (bytes: number) => Promise<string>;
}

const { echo, fail, blob } = proxyActivities<Activities>({
  startToCloseTimeout: '20s',
  retry: { maximumAttempts: 2, initialInterval: '10ms' },
});
const { beat } = proxyActivities<Activities>({
  startToCloseTimeout: '20s',
  heartbeatTimeout: '1s',
  retry: { maximumAttempts: 1 },
});
const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '5s' });

export const tell = defineSignal<[string]>('tell');
export const ask = defineUpdate<string, [string]>('ask');
export const heard = defineQuery<string[], [string]>('heard');

/** Hears signals and updates until it is told `end`. */
export async function listener(first: string): Promise<string> {
  const all = [first];
  setHandler(tell, (text) => void all.push(text));
  setHandler(ask, (text) => `answer to ${text}, number ${all.push(text)}`);
  setHandler(heard, (prefix) => all.filter((text) => text.startsWith(prefix)));
  await condition(() => all.includes('end'));
  return all.join(' ');
}

/** A child's input, result, failure and signals, a local activity, and state carried over a continue-as-new. */
export async function traveller(childId: string, listenerId: string, round = 0): Promise<string[]> {
  if (round === 0) return continueAsNew<typeof traveller>(childId, listenerId, 1);
  await getExternalWorkflowHandle(listenerId).signal(tell, 'secret-signal');
  const fine = await executeChild(child, { workflowId: `${childId}-fine`, args: ['secret-input', false] });
  const doomed = await startChild(child, { workflowId: `${childId}-failing`, args: ['secret-input', true] });
  const failed = await doomed.result().catch((error: unknown) => error);
  const nested = await executeChild(nesting, { workflowId: `${childId}-nesting`, args: [`${childId}-leaf`] }).catch(
    (error: unknown) => error,
  );
  return [fine, await local.echo('secret-local'), deepest(failed), deepest(nested)];
}

export async function child(text: string, fails: boolean): Promise<string> {
  if (fails) await fail(text);
  return echo(text);
}

/** Fails with its child's failure, which is passed on as it is. */
export async function nesting(leafId: string): Promise<string> {
  return executeChild(child, { workflowId: leafId, args: ['secret-leaf', true] });
}

export async function failing(text: string): Promise<void> {
  await fail(text);
}

export async function beating(text: string): Promise<string> {
  return beat(text);
}

export async function hauling(bytes: number): Promise<string> {
  return blob(bytes);
}

/** Sends too much, and cleans up behind itself. */
export async function sending(chars: number): Promise<void> {
  try {
    await echo('x'.repeat(chars));
  } finally {
    await echo('cleaned up');
  }
}

export async function refusing(text: string): Promise<void> {
  throw ApplicationFailure.nonRetryable(text, 'refused');
}

const deepest = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? deepest(error.cause) : String(error);
