import { withoutInvisible } from './forms.ts';

/** What would end the fence, or begin another one. */
const FENCES = /<(?=\s*\/?\s*material\b)/gi;

/**
 * Text that others wrote, put so that a model reads it as material and not as an order. What people cannot see is left out; a
 * fence within it is none.
 */
export const fence = (text: string): string =>
  `<material>\n${withoutInvisible(text).replace(FENCES, '‹')}\n</material>`;
