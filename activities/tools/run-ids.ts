import { RunId } from '../../ports/ids.ts';

/** The run that a call begins, the same for each attempt: from the call's own name, 64 hex digits. */
export const runOf = (effectKey: string): RunId => {
  const part = (from: number, to: number) => effectKey.slice(from, to);
  return RunId.parse(`${part(0, 8)}-${part(8, 12)}-4${part(13, 16)}-8${part(17, 20)}-${part(20, 32)}`);
};
