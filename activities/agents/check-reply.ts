import { z } from 'zod';
import type { AgentSpec } from '../../ports/agents.ts';
import type { ContentRef } from '../../ports/content.ts';
import { Fault } from '../../ports/errors.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import type { Finish, ModelMessage } from '../../ports/models.ts';
import { clean } from '../guardrails/outgoing.ts';
import type { Pins } from './pins.ts';
import type { AtWork } from './terms.ts';

type Verdict = { accepted: ContentRef } | { accepted: null; upto: number };
type Reply = NonNullable<AgentSpec['reply']>;

const GO_ON = 'Your answer was cut off. Go on exactly where it stopped.';
/** How often a text that was cut off is gone on with; after that, what is there has to do. */
const GO_ON_MAX = 2;

/** Every text of a reply made safe to show: until it was parsed, an escape such as `\u003c` could hide what is fetched. */
const cleaned = (value: unknown): unknown => {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [clean(key), cleaned(part)]));
};

const uncited = (spec: Reply, reply: unknown, transcript: ModelMessage[]): string[] => {
  const material = transcript
    .filter(({ role }) => role === 'tool' || role === 'user')
    .map(({ content }) => content)
    .join('\n');
  return spec.cites(reply).filter((id) => !material.includes(JSON.stringify(id)));
};

type Needs = Pick<WorkerPorts, 'catalogue' | 'content' | 'transcripts'>;

export const createReplyCheck = ({ catalogue, content, transcripts }: Needs, pins: Pins) => {
  const sayAgain = async (at: AtWork, upto: number, text: string): Promise<Verdict> => {
    await transcripts.append(at, upto, [{ role: 'user', content: text }]);
    return { accepted: null, upto: upto + 1 };
  };
  const refuse = (at: AtWork, upto: number, reason: string) =>
    sayAgain(at, upto, `That answer cannot be used: ${reason}. Answer again, mended.`);

  /** A text that was cut off goes on in the next message: its parts, the first one first. */
  const partsBefore = async (at: AtWork, upto: number): Promise<string[]> => {
    const parts: string[] = [];
    for (let seq = upto - 2; seq > 1; seq -= 2) {
      const [before, asked] = await transcripts.load(at, seq - 1, seq + 1);
      if (asked?.role !== 'user' || asked.content !== GO_ON || before?.role !== 'assistant') break;
      parts.unshift(before.content);
    }
    return parts;
  };

  const checkText = async (at: AtWork, upto: number, finish: Finish): Promise<Verdict> => {
    const [last] = await transcripts.load(at, upto - 1, upto);
    const parts = [...(await partsBefore(at, upto)), last?.content ?? ''];
    if (finish === 'length' && parts.length <= GO_ON_MAX) return sayAgain(at, upto, GO_ON);
    // What was cut in two may be a secret, or an image that is fetched.
    const text = clean(parts.join(''));
    if (text.trim() === '') return refuse(at, upto, 'it is empty');
    return { accepted: await content.put(at.tenantId, { text }) };
  };

  const checkShape = async (at: AtWork, upto: number, spec: Reply): Promise<Verdict> => {
    const transcript = await transcripts.load(at, 0, upto);
    let parsed: unknown;
    try {
      parsed = JSON.parse(transcript.at(-1)?.content ?? '');
    } catch {
      return refuse(at, upto, 'it is not valid JSON');
    }
    const reply = spec.schema.safeParse(cleaned(parsed));
    if (!reply.success) return refuse(at, upto, z.prettifyError(reply.error));
    const unseen = uncited(spec, reply.data, transcript);
    if (unseen.length > 0)
      return refuse(at, upto, `it cites ${unseen.slice(0, 5).join(', ')}, which nothing you were given contains`);
    return { accepted: await content.put(at.tenantId, reply.data) };
  };

  return {
    /** Holds the final answer against the agent's reply shape and what it really saw. A refused one is answered with what to mend. */
    checkReply: async (at: AtWork, upto: number, finish: Finish): Promise<Verdict> => {
      const spec = catalogue.agent(at.agentId).reply;
      if ((await pins(at)).reply === null || spec === null) return checkText(at, upto, finish);
      if (finish === 'refusal' || finish === 'filter')
        throw new Fault('llm_bad_output', `The model refused the task of ${at.agentId}.`);
      return checkShape(at, upto, spec);
    },
  };
};
