import { condition, defineSignal, setHandler } from '@temporalio/workflow';

/** A sync that lasts until it is told to end. */
export async function syncStream(input: object): Promise<object> {
  let told = false;
  setHandler(defineSignal('end'), () => void (told = true));
  await condition(() => told);
  return input;
}
