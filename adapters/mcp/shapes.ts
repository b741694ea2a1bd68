import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { McpTool } from '../../ports/mcp.ts';

const TOOLS_MAX = 100;
const DESCRIPTION_CHARS_MAX = 2000;
const SCHEMA_CHARS_MAX = 20_000;
const ANSWER_CHARS_MAX = 100_000;

const Listed = z.object({
  tools: z.array(
    z.object({
      name: z.string().min(1).max(128),
      description: z.string().default(''),
      inputSchema: z.record(z.string(), z.unknown()),
      annotations: z.object({ readOnlyHint: z.boolean().optional() }).optional(),
    }),
  ),
});

const Answered = z.object({
  isError: z.boolean().default(false),
  structuredContent: z.unknown().optional(),
  content: z.array(z.object({ type: z.string(), text: z.string().optional() }).loose()).default([]),
});

const garbage = (what: string) => new Fault('provider_garbage', `the server of tools ${what}`);

/** Text that every store takes as it is. */
const storable = (text: string) => text.replaceAll('\0', '').toWellFormed();

/** The list in one order, cut to what is honest. `provider_garbage` when it is none. */
export const toolsOf = (answer: unknown): McpTool[] => {
  const listed = Listed.safeParse(answer);
  if (!listed.success) throw garbage('gives a list that is none');
  const { tools } = listed.data;
  if (tools.length > TOOLS_MAX) throw garbage(`has more than ${TOOLS_MAX} tools`);
  if (new Set(tools.map(({ name }) => name)).size < tools.length) throw garbage('names two tools alike');
  return tools
    .map(({ name, description, inputSchema, annotations }) => {
      const schema = storable(JSON.stringify(inputSchema));
      if (schema.length > SCHEMA_CHARS_MAX) throw garbage(`describes the arguments of ${name} in too many words`);
      return {
        name: storable(name),
        description: storable(description).slice(0, DESCRIPTION_CHARS_MAX),
        inputSchema: JSON.parse(schema) as Record<string, unknown>,
        readOnly: annotations?.readOnlyHint === true,
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** Texts of an answer. What is no text is named, not shown. */
export const textOf = (answer: unknown): { ok: boolean; content: string } => {
  const read = Answered.safeParse(answer);
  if (!read.success) throw garbage('gives an answer that is none');
  const { isError, structuredContent, content } = read.data;
  const texts = content.map(({ type, text }) => (type === 'text' && text !== undefined ? text : `(${type})`));
  const said =
    texts.length === 0 && structuredContent !== undefined ? JSON.stringify(structuredContent) : texts.join('\n');
  return { ok: !isError, content: storable(said.slice(0, ANSWER_CHARS_MAX)) };
};
