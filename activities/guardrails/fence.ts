import { withoutInvisible } from './forms.ts';

/** What would end the fence, or begin another one. */
const FENCES = /<(?=\s*\/?\s*material\b)/gi;

const [BEGIN, END] = ['<material>', '</material>'];

/** The beginning of a text, with the fence closed that was cut open. */
export const fencedUpTo = (text: string, max: number): string => {
  const kept = text.slice(0, max);
  return kept.lastIndexOf(BEGIN) > kept.lastIndexOf(END) ? `${kept}\n${END}\n` : kept;
};

/**
 * Text that others wrote, put so that a model reads it as material and not as an order. What people cannot see is left out; a
 * fence within it is none.
 */
export const fence = (text: string): string => `${BEGIN}\n${withoutInvisible(text).replace(FENCES, '‹')}\n${END}`;
