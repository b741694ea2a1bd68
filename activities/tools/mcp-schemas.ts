import { z } from 'zod';
import { screen } from '../guardrails/screen.ts';
import type { McpTool } from '../../ports/mcp.ts';

/** Descriptions of tools speak of tools and of what to do with them: that alone is no suspicion. */
const USUAL = new Set(['orders a tool', 'orders a change', 'asks for what is secret']);

const isPoisoned = ({ description, inputSchema }: McpTool): boolean =>
  screen(`${description}\n${JSON.stringify(inputSchema)}`).reasons.some((reason) => !USUAL.has(reason));

/** Keywords that could keep a process busy for ever, or reach for something outside. */
const DROPPED = new Set(['pattern', 'patternProperties', 'format', '$id', '$schema', '$dynamicRef', '$dynamicAnchor']);

const without = (value: unknown, dropped: Set<string>): unknown => {
  if (Array.isArray(value)) return value.map((part) => without(part, dropped));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    // Under `properties` these are names of arguments.
    ([key, part]) =>
      !dropped.has(key) || (typeof part === 'object' && !Array.isArray(part) && key !== 'patternProperties'),
  );
  return Object.fromEntries(kept.map(([key, part]) => [key, without(part, dropped)]));
};

/** What a model is told of a server's tool. A description that gives orders is withheld, and so are those of its arguments. */
export const shownTool = (tool: McpTool): { description: string; parameters: Record<string, unknown> } => {
  const poisoned = isPoisoned(tool);
  const words = new Set([...DROPPED, ...(poisoned ? ['description', 'title', 'examples', 'default', '$comment'] : [])]);
  return {
    description: poisoned
      ? 'A tool of a server; its description looked like orders and is withheld.'
      : tool.description,
    parameters: { type: 'object', ...(without(tool.inputSchema, words) as Record<string, unknown>) },
  };
};

/** What is wrong with the arguments; null when nothing is, or when the schema is beyond us: then the server's own check is all. */
export const wrongBySchema = (parameters: Record<string, unknown>, input: Record<string, unknown>): string | null => {
  let schema: z.ZodType;
  try {
    schema = z.fromJSONSchema(parameters);
  } catch {
    return null;
  }
  const read = schema.safeParse(input);
  return read.success ? null : z.prettifyError(read.error);
};
