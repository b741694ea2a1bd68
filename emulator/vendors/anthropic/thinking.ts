import { createHash } from 'node:crypto';

const THOUGHT = 'I look at what I was asked, and decide what to do next.';

const sign = (thinking: string): string => createHash('sha256').update(`emulated ${thinking}`).digest('base64');

/** A thought as the vendor shows it: with a signature that nobody else can make. */
export const thought = () => ({ type: 'thinking', thinking: THOUGHT, signature: sign(THOUGHT) });

export const isSigned = ({ thinking, signature }: Record<string, unknown>): boolean =>
  signature === sign(String(thinking));
