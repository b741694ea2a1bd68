import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { AgentSpec, ContentRef, CrewPlan, RunHead } from '../ports/agents.ts';
import { Fault } from '../ports/errors.ts';
import type { WorkerPorts } from '../ports/index.ts';
import type { ModelMessage } from '../ports/models.ts';
import { createTools } from './tools.ts';

/** One agent's part in a crew: who, for whom, and what it is given, by reference. */
export interface AgentTask extends RunHead {
  agentId: string;
  inputs: ContentRef[];
}

export interface Turn {
  /** How many messages the transcript holds now. */
  upto: number;
  finish: 'stop' | 'tool' | 'length' | 'refusal';
  /** `key` tells equal calls apart from different ones; the arguments stay in the transcript. */
  calls: { tool: string; key: string }[];
}

type Needs = Pick<WorkerPorts, 'catalogue' | 'transcripts' | 'content' | 'agents' | 'llm' | 'categories' | 'hash'>;

/** Fetched text is fenced, so that what it says is read as material and not as an order. */
const fence = (content: unknown) => `<material>\n${JSON.stringify(content)}\n</material>`;

const uncited = (spec: AgentSpec, reply: unknown, transcript: ModelMessage[]): string[] => {
  const material = transcript
    .filter(({ role }) => role === 'tool' || role === 'user')
    .map(({ content }) => content)
    .join('\n');
  return spec.cites(reply).filter((id) => !material.includes(JSON.stringify(id)));
};

export const createCrewActivities = ({ catalogue, transcripts, content, agents, llm, categories, hash }: Needs) => {
  const tools = createTools({ categories });

  return {
    planCrew: async (crewId: string): Promise<CrewPlan> => {
      const { id, steps } = catalogue.crew(crewId);
      return { crewId: id, steps };
    },

    /** Writes the run's first messages. What the agent may do enters history here, so editing it changes no run at work. */
    planAgent: async ({ tenantId, runId, agentId, inputs }: AgentTask): Promise<{ upto: number; turnsMax: number }> => {
      const spec = catalogue.agent(agentId);
      const given = await Promise.all(inputs.map(({ id }) => content.get(tenantId, id)));
      const task = given.length > 0 ? `Work from this:\n${given.map(fence).join('\n')}` : 'Begin.';
      await transcripts.append({ tenantId, runId }, 0, [
        { role: 'system', content: spec.instructions },
        { role: 'user', content: task },
      ]);
      return { upto: 2, turnsMax: spec.limits.turns };
    },

    /** One model turn. The answer is journalled before anything else, so that a retry makes no second paid call. */
    takeTurn: async ({ tenantId, runId, agentId }: AgentTask, step: number, upto: number): Promise<Turn> => {
      const run: RunHead = { tenantId, runId };
      const spec = catalogue.agent(agentId);
      let answer = await transcripts.journalled(run, step);
      if (!answer) {
        const messages = await transcripts.load(run, upto);
        const settings = await agents.settings(tenantId, agentId);
        answer = await llm.complete(
          {
            model: settings.model ?? llm.model(spec.model),
            messages,
            tools: tools.describe(spec.tools),
            reply: { name: spec.replyName, schema: z.toJSONSchema(spec.reply) },
            temperature: settings.temperature,
            maxTokens: settings.maxTokens,
          },
          Context.current().cancellationSignal,
        );
        await transcripts.journal(run, step, answer, hash(JSON.stringify(messages)));
      }
      await transcripts.append(run, upto, [
        { role: 'assistant', content: answer.content, toolCalls: answer.toolCalls },
      ]);
      return {
        upto: upto + 1,
        finish: answer.finish,
        calls: answer.toolCalls.map(({ name, arguments: args }) => ({ tool: name, key: hash(`${name} ${args}`) })),
      };
    },

    /** Runs call `index` of the assistant's message at `asked` and appends its result as message `seq`. */
    invokeTool: async (
      { tenantId, runId, agentId }: AgentTask,
      asked: number,
      index: number,
      seq: number,
    ): Promise<number> => {
      const run: RunHead = { tenantId, runId };
      const message = (await transcripts.load(run, asked + 1)).at(asked);
      const call = message?.role === 'assistant' ? message.toolCalls[index] : undefined;
      if (!call) throw new Fault('not_found', `message ${asked} of this run holds no tool call ${index}`);
      const began = Date.now();
      const { ok, content: result } = await tools.run(
        tenantId,
        catalogue.agent(agentId).tools,
        call.name,
        call.arguments,
      );
      await transcripts.recordTool(run, seq, {
        tool: call.name,
        argsHash: hash(call.arguments),
        ok,
        ms: Date.now() - began,
        bytes: result.length,
      });
      await transcripts.append(run, seq, [{ role: 'tool', toolCallId: call.id, content: result }]);
      return seq + 1;
    },

    /** Holds the final answer against the agent's reply shape and what it really saw. A refused one is answered with what to mend. */
    checkReply: async (
      { tenantId, runId, agentId }: AgentTask,
      upto: number,
    ): Promise<{ accepted: ContentRef } | { accepted: null; upto: number }> => {
      const run: RunHead = { tenantId, runId };
      const spec = catalogue.agent(agentId);
      const transcript = await transcripts.load(run, upto);
      const refuse = async (reason: string) => {
        await transcripts.append(run, upto, [
          { role: 'user', content: `That answer cannot be used: ${reason}. Answer again, mended.` },
        ]);
        return { accepted: null, upto: upto + 1 };
      };
      let parsed: unknown;
      try {
        parsed = JSON.parse(transcript.at(-1)?.content ?? '');
      } catch {
        return refuse('it is not valid JSON');
      }
      const reply = spec.reply.safeParse(parsed);
      if (!reply.success) return refuse(z.prettifyError(reply.error));
      const unseen = uncited(spec, reply.data, transcript);
      if (unseen.length > 0)
        return refuse(`it cites ${unseen.slice(0, 5).join(', ')}, which nothing you were given contains`);
      return { accepted: await content.put(tenantId, reply.data) };
    },
  };
};
