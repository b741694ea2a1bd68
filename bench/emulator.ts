import type { Product } from './product.ts';

/** Tells the emulator what to be; without a body it is asked what it counted. */
export const askEmulator = async (
  { emulatorUrl }: Product,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> => {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${emulatorUrl}/control/${path}`, init);
  if (!answer.ok) throw new Error(`the emulator answered ${answer.status} to ${path}`);
  return (await answer.json()) as Record<string, unknown>;
};
