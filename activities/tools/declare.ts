import { z } from 'zod';
import type { TenantId } from '../../ports/ids.ts';
import type { PinnedTool, ToolConsent } from '../../ports/tools.ts';
import type { Lineage } from '../agents/terms.ts';
import { mended } from './answers.ts';
import type { ToolAct, ToolAnswer, ToolCalled, ToolFamily } from './toolbox.ts';

/** For whom tools are pinned. */
export interface PinnedFor {
  tenantId: TenantId;
  agentId: string;
  lineage: Lineage;
}

/** One tool that code declares: its arguments are a zod schema, checked before anything is done. */
export interface DeclaredTool<Input> extends Pick<PinnedTool, 'route' | 'effect' | 'consent' | 'external'> {
  description: string;
  input: z.ZodType<Input>;
  /** Said after the description: what it means for this tenant, now. Null: the tool is not to be had here. */
  now?: (pinnedFor: PinnedFor) => Promise<string | null>;
  run?: (call: ToolCalled, input: Input) => Promise<ToolAnswer>;
  repeatable?: (input: Input) => boolean;
  act?: (call: ToolCalled, input: Input) => Promise<ToolAct>;
  tell?: (call: ToolCalled, resultId: string | null, receipt: string | null) => Promise<string>;
}

/** Its input's type is forgotten: `check` holds arguments against the schema before they are given to it. */
export type AnyTool = DeclaredTool<never>;

export const declareTool = <Input>(tool: DeclaredTool<Input>): AnyTool => tool as unknown as AnyTool;

export const AUTO: ToolConsent = { kind: 'auto' };

/** What only reads, at once. `external`: others wrote what it brings. */
export const reads = (external: boolean): Pick<PinnedTool, 'route' | 'effect' | 'consent' | 'external'> => ({
  ...{ route: 'activity', effect: 'read', consent: AUTO, external },
});

/** Tools by name as one family. */
export const declaredFamily = (family: string, tools: Record<string, AnyTool>): ToolFamily => {
  const of = (name: string): AnyTool | undefined => (Object.hasOwn(tools, name) ? tools[name] : undefined);
  const held = ({ tool, input }: ToolCalled) => {
    const declared = of(tool.name);
    if (declared === undefined) throw new Error(`the family ${family} has no tool ${tool.name}`);
    return { declared, input: declared.input.parse(input) };
  };

  const pinOne = async (name: string, { input, now, ...tool }: AnyTool, pinnedFor: PinnedFor) => {
    const more = now ? await now(pinnedFor) : '';
    if (more === null) return [];
    const pinned: PinnedTool = {
      ...{ name, route: tool.route, effect: tool.effect, consent: tool.consent, external: tool.external },
      description: more === '' ? tool.description : `${tool.description} ${more}`,
      parameters: z.toJSONSchema(input, { io: 'input' }),
      of: { family },
    };
    return [pinned];
  };

  return {
    family,
    async pin(tenantId, names, pinnedFor) {
      const known = names.flatMap((name) => {
        const tool = of(name);
        return tool ? [{ name, tool }] : [];
      });
      const pinned = await Promise.all(known.map(({ name, tool }) => pinOne(name, tool, { tenantId, ...pinnedFor })));
      return pinned.flat();
    },
    check({ name }, input) {
      const read = of(name)?.input.safeParse(input);
      if (read === undefined) return `there is no tool named ${name} any more`;
      return read.success ? null : z.prettifyError(read.error);
    },
    async run(call) {
      const { declared, input } = held(call);
      if (!declared.run) throw new Error(`${call.tool.name} is carried out by the workflow`);
      try {
        return await declared.run(call, input);
      } catch (error) {
        return { ok: false, content: mended(error) };
      }
    },
    repeatable({ name }, input) {
      const declared = of(name);
      return declared?.repeatable?.(declared.input.parse(input)) ?? false;
    },
    async act(call) {
      const { declared, input } = held(call);
      if (!declared.act) throw new Error(`${call.tool.name} is carried out at once`);
      try {
        return await declared.act(call, input);
      } catch (error) {
        return { refused: mended(error) };
      }
    },
    async tell(call, resultId, receipt) {
      const { declared } = held(call);
      return declared.tell ? declared.tell(call, resultId, receipt) : JSON.stringify({ done: true, receipt });
    },
  };
};
