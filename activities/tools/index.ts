import type { WorkerPorts } from '../../ports/index.ts';
import type { PinnedTool } from '../../ports/tools.ts';
import { argsHash } from '../guardrails/args-hash.ts';
import { refusal } from './answers.ts';
import { boardTools } from './board.ts';
import { businessTools } from './business.ts';
import { categoryTools } from './categories.ts';
import { contentTools } from './content.ts';
import { delegationTools } from './delegation.ts';
import { httpTools } from './http.ts';
import { knowledgeTools } from './knowledge.ts';
import { mcpTools } from './mcp.ts';
import { memoryTools } from './memory.ts';
import { questionTools } from './question.ts';
import type { Toolbox, ToolFamily } from './toolbox.ts';

/** More than any honest call holds. */
const ARGUMENT_CHARS_MAX = 200_000;

type Needs = Pick<
  WorkerPorts,
  | 'categories'
  | 'connectors'
  | 'connections'
  | 'catalogue'
  | 'content'
  | 'tenantSettings'
  | 'knowledge'
  | 'memory'
  | 'board'
  | 'mcp'
  | 'mcpServers'
  | 'secrets'
  | 'web'
  | 'hash'
>;

/** The arguments as the model wrote them, or what is wrong with them. No arguments at all are an empty object: some models send none. */
const readArguments = (args: string): { input: Record<string, unknown> } | { refused: string } => {
  if (args.trim() === '') return { input: {} };
  if (args.length > ARGUMENT_CHARS_MAX) return { refused: 'the arguments are too long; send less at once' };
  try {
    const input: unknown = JSON.parse(args);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return { input: { ...input } };
  } catch {
    // Said below, in the same words.
  }
  return { refused: 'the arguments are not valid JSON; send one JSON object' };
};

/** Everything that agents may call, in one place. */
export const createToolbox = (ports: Needs): Toolbox => {
  const all = [
    ...[contentTools(ports), categoryTools(ports), knowledgeTools(ports), memoryTools(ports), httpTools(ports)],
    ...[mcpTools(ports), questionTools(ports), businessTools(ports), delegationTools(ports), boardTools(ports)],
  ];
  const families = new Map(all.map((family): [string, ToolFamily] => [family.family, family]));
  const familyOf = ({ name, of }: PinnedTool): ToolFamily => {
    const family = families.get(of.family);
    if (!family) throw new Error(`no family of tools is named ${of.family}, which ${name} belongs to`);
    return family;
  };

  return {
    async pin(tenantId, names, of) {
      const wanted = [...new Set(names)];
      const found = await Promise.all([...families.values()].map((family) => family.pin(tenantId, wanted, of)));
      const pinned = found.flat();
      // In the order in which they were asked for, so that equal settings are equal pins.
      const place = ({ name }: PinnedTool) => {
        const at = wanted.indexOf(name);
        return at < 0 ? wanted.length : at;
      };
      return pinned.sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
    },
    read({ tools }, name, args) {
      const tool = tools.find((one) => one.name === name);
      if (!tool) {
        const known = tools.map((one) => one.name).join(', ') || 'none';
        return { refused: refusal(`there is no tool named ${name.slice(0, 60)}; the tools are ${known}`) };
      }
      const read = readArguments(args);
      if ('refused' in read) return { refused: refusal(read.refused) };
      const wrong = familyOf(tool).check(tool, read.input);
      if (wrong !== null) return { refused: refusal(wrong) };
      return { tool, input: read.input, argsHash: argsHash(ports.hash, name, read.input) };
    },
    family: familyOf,
  };
};
