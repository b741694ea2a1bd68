import type { AgentPin } from '../../ports/agents.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import type { ModelMessage, ModelRef, ModelRequest, ToolCall } from '../../ports/models.ts';
import { Fault } from '../../ports/errors.ts';
import type { Toolbox } from '../tools/toolbox.ts';
import { tokensOf } from './pay.ts';
import type { Payment } from './pay.ts';
import type { Pins } from './pins.ts';
import type { AtWork, StepAsked, StepCall, StepResult } from './terms.ts';

/** The model of the chain that is asked. */
export const modelAt = ({ models }: AgentPin, index: number): ModelRef => {
  const model = models[Math.min(index, models.length - 1)];
  if (!model) throw new Fault('unprocessable', 'This agent has no model to ask; choose one in its settings.');
  return model;
};

type Needs = Pick<WorkerPorts, 'transcripts' | 'hash'>;

export const createSteps = ({ transcripts, hash }: Needs, toolbox: Toolbox, pins: Pins, pay: Payment) => {
  const requestFor = (at: AtWork, pin: AgentPin, modelIndex: number, said: ModelMessage[]): ModelRequest => ({
    tenantId: at.tenantId,
    model: modelAt(pin, modelIndex),
    messages: [{ role: 'system', content: pin.system }, ...said],
    tools: pin.tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    reply: pin.reply,
    temperature: pin.temperature,
    maxTokens: pin.maxTokens,
  });

  /** As much of a call as the workflow needs: its arguments stay in the transcript. */
  const callOf = (pin: AgentPin, { name, arguments: args }: ToolCall, index: number): StepCall => {
    const read = toolbox.read(pin, name, args);
    const known = pin.tools.find((tool) => tool.name === name)?.name ?? 'unknown';
    if ('refused' in read) return { index, tool: known, key: hash(`${name} ${args}`), direct: true };
    const { tool, argsHash: key } = read;
    const direct = tool.route === 'activity' && tool.effect === 'read' && tool.consent.kind === 'auto';
    return { index, tool: tool.name, key, direct };
  };

  return {
    /** One model turn. Whatever dies in between, one answer is kept, and only lost ones are paid twice. */
    takeStep: async (at: AtWork, asked: StepAsked): Promise<StepResult> => {
      const { step, floor, upto, modelIndex } = asked;
      const turn = { step, from: floor, upto };
      const [pin, { answer: before, messages }] = await Promise.all([pins(at), transcripts.turn(at, turn)]);
      const request = () => requestFor(at, pin, modelIndex, messages);
      const result = await pay({ at, asked, before, request, shown: true });
      if ('short' in result) return result;
      const { answer, crowded } = result;
      return {
        taken: {
          upto: upto + 1,
          finish: answer.finish,
          calls: answer.toolCalls.map((call, index) => callOf(pin, call, index)),
          tokens: tokensOf(answer),
          costMicros: answer.costMicros,
          crowded,
        },
      };
    },
  };
};
