import { z } from 'zod';
import type { ToolName } from '../ports/agents.ts';
import { CATEGORY_RESOURCES } from '../ports/categories.ts';
import { Fault } from '../ports/errors.ts';
import type { TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { ModelRequest } from '../ports/models.ts';

interface Tool {
  description: string;
  input: z.ZodType;
  run: (tenantId: TenantId, input: never) => Promise<unknown>;
}

const tool = <Input>(
  description: string,
  input: z.ZodType<Input>,
  run: (tenantId: TenantId, input: Input) => Promise<unknown>,
): Tool => ({
  description,
  input,
  run,
});

const CmsResource = z.enum(CATEGORY_RESOURCES.cms);

/** What one tool result may hold: more would drown the model's context. */
const RESULT_CHARS_MAX = 8000;

/** Faults that are the model's to mend (a wrong id, say) go back to it as text; all others stop or retry the activity. */
const MODELS_TO_MEND = new Set(['not_found', 'invalid_request', 'unsupported', 'provider_rejected']);

/** The tools that agents may call, all through category ports, none with an effect. */
export const createTools = ({ categories: { cms } }: Pick<Ports, 'categories'>) => {
  const tools: Record<ToolName, Tool> = {
    list_content: tool(
      'Lists content of the company’s website, newest first: ids, titles and when each was last modified.',
      z.strictObject({
        resource: CmsResource,
        limit: z.int().min(1).max(50).default(20),
        cursor: z.string().optional(),
        search: z.string().max(200).optional(),
      }),
      async (tenantId, { resource, limit, cursor, search }) => {
        const { items, nextCursor, total } = await cms.list({ tenantId }, resource, {
          order: 'newest',
          limit,
          cursor,
          search,
        });
        return {
          items: items.map(({ externalId, title, modifiedAt, status }) => ({
            id: externalId,
            resource,
            title,
            modifiedAt,
            status,
          })),
          nextCursor,
          total,
        };
      },
    ),
    read_content: tool(
      'Reads one piece of content by its id: title, full text, link.',
      z.strictObject({ resource: CmsResource, id: z.string().min(1).max(100) }),
      async (tenantId, { resource, id }) => {
        const { externalId, title, text, link, modifiedAt } = await cms.read({ tenantId }, resource, id);
        return { id: externalId, resource, title, text: text.slice(0, RESULT_CHARS_MAX - 1000), link, modifiedAt };
      },
    ),
  };

  return {
    describe: (names: ToolName[]): ModelRequest['tools'] =>
      names.map((name) => ({
        name,
        description: tools[name].description,
        parameters: z.toJSONSchema(tools[name].input, { io: 'input' }),
      })),

    /** Runs one call as the model wrote it. What is wrong with the call comes back as text for the model, with `ok` false. */
    run: async (
      tenantId: TenantId,
      allowed: ToolName[],
      name: string,
      args: string,
    ): Promise<{ ok: boolean; content: string }> => {
      const refuse = (error: string) => ({ ok: false, content: JSON.stringify({ error }) });
      const known = allowed.find((each) => each === name);
      if (!known)
        return refuse(`there is no tool named ${name.slice(0, 60)}; the tools are ${allowed.join(', ') || 'none'}`);
      let parsed: unknown;
      try {
        parsed = JSON.parse(args);
      } catch {
        return refuse('the arguments are not valid JSON; send one JSON object');
      }
      const input = tools[known].input.safeParse(parsed);
      if (!input.success) return refuse(z.prettifyError(input.error));
      try {
        return {
          ok: true,
          content: JSON.stringify(await tools[known].run(tenantId, input.data as never)).slice(0, RESULT_CHARS_MAX),
        };
      } catch (error) {
        if (error instanceof Fault && MODELS_TO_MEND.has(error.code)) return refuse(error.message);
        throw error;
      }
    },
  };
};
