import type { ModelMessage, ModelRequest } from '../../ports/models.ts';

/** For a model that takes no schema: the shape of the reply is said in words, and the answer is checked as any other. */
export function withShape(messages: ModelMessage[], { schema }: NonNullable<ModelRequest['reply']>): ModelMessage[] {
  const words = `Your final answer is JSON and nothing else, of this JSON Schema:\n${JSON.stringify(schema)}`;
  const [first, ...rest] = messages;
  return first?.role === 'system'
    ? [{ role: 'system', content: `${first.content}\n\n${words}` }, ...rest]
    : [{ role: 'system', content: words }, ...messages];
}
