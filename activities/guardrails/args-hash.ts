import { canonicalJson } from '../../ports/canonical.ts';

/** SHA-256 of a call: of the tool's name and its arguments, whatever order the model wrote them in. */
export const argsHash = (hash: (text: string) => string, tool: string, input: Record<string, unknown>): string =>
  hash(`${tool}\n${canonicalJson(input)}`);
