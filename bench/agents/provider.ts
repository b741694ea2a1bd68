import { askEmulator } from '../emulator.ts';
import { timed } from '../figures.ts';
import type { Product } from '../product.ts';

const urlOf = ({ emulatorUrl }: Product): string => `${emulatorUrl}/openai/v1/chat/completions`;
const headers = { authorization: 'Bearer emulator-key', 'content-type': 'application/json' };

export const script = (product: Product, name: string, turns: object[]) =>
  askEmulator(product, `models/${name}`, { turns });

/** The bodies of the requests that a script has had. */
export const promptsOf = async (product: Product, name: string): Promise<string[]> =>
  (await askEmulator(product, `models/${name}/prompts`)) as unknown as string[];

/** One call of the provider and nothing else, read to its last byte. */
export const bareCall = (product: Product, body: string): Promise<number> =>
  timed(async () => {
    const answer = await fetch(urlOf(product), { method: 'POST', headers, body });
    if (!answer.ok) throw new Error(`the provider answered ${answer.status}`);
    await answer.text();
  });

/** From a request to the first piece of a stream that holds this, in milliseconds. */
export const untilFirst = async (url: string, init: RequestInit, mark: string): Promise<number> => {
  const began = performance.now();
  const answer = await fetch(url, { method: 'POST', ...init });
  if (!answer.ok || !answer.body) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  let heard = '';
  let first = Number.NaN;
  // To its end: what is left unread would be a caller that went away.
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    heard += piece;
    if (Number.isNaN(first) && heard.includes(mark)) first = performance.now() - began;
  }
  return first;
};

export const bareFirst = (product: Product, body: object): Promise<number> =>
  untilFirst(urlOf(product), { headers, body: JSON.stringify({ ...body, stream: true }) }, '"content":"Some');
