import { list, record } from '../http.ts';
import { audit } from './audit.ts';
import type { Asked, Schema, ToolCall, Turn } from './conversation.ts';
import { conform } from './conform.ts';
import { jsonIn } from './json-in.ts';
import { report } from './report.ts';
import { seenIn, type Seen } from './seen.ts';

const READ_AT_MOST = 3;
const LIST_AT_MOST = 2;

/** What an honest auditor would do next: list, read a few, then answer in the asked form from what it saw. */
export function nextTurn(request: Asked, now: number, callId: () => string): Turn {
  const wanted = toolCalls(request);
  if (wanted.length > 0) {
    const calls = (request.parallel ? wanted : wanted.slice(0, 1)).map((call) => ({ id: callId(), ...call }));
    return { text: null, toolCalls: calls, finish: 'tool' };
  }
  return { text: answer(request, now), toolCalls: [], finish: 'stop' };
}

function toolCalls({ messages, tools, toolChoice }: Asked): Omit<ToolCall, 'id'>[] {
  if (toolChoice === 'none') return [];
  const tool = (name: string) => tools.find((one) => one.name === name);
  const [lists, reads] = [tool('list_content'), tool('read_content')];
  // Only what was said since the last question counts: an earlier audit is not this one.
  const recent = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1);
  const made = recent.flatMap(({ toolCalls: calls }) => calls);

  if (lists && reads) {
    const listed = recent
      .filter(({ role }) => role === 'tool')
      .flatMap(({ text }) => jsonIn(text))
      .flatMap((value) => list(record(value)['items']));
    // A listing that failed is tried once more, not for ever.
    if (
      listed.length === 0 &&
      made.filter(({ name }) => name === lists.name).length < LIST_AT_MOST &&
      !listedNothing(recent)
    ) {
      return [call(lists, { resource: 'posts', limit: 10 })];
    }
    const asked = new Set(
      made
        .filter(({ name }) => name === reads.name)
        .flatMap(({ arguments: text }) => jsonIn(text))
        .map((value) => record(value)['id']),
    );
    const next = listed
      .map(record)
      .slice(0, READ_AT_MOST)
      .filter(({ id }) => !asked.has(id));
    if (next.length > 0) return next.map(({ id, resource }) => call(reads, { resource: resource ?? 'posts', id }));
  }
  const forced = toolChoice === 'required' ? tools[0] : tool(toolChoice);
  return forced && made.length === 0 ? [call(forced, {})] : [];
}

const listedNothing = (recent: Asked['messages']): boolean =>
  recent.some(
    ({ role, text }) => role === 'tool' && jsonIn(text).some((value) => Array.isArray(record(value)['items'])),
  );

/** Arguments the tool's own schema allows; without a schema, as they come. */
const call = ({ name, parameters }: { name: string; parameters: Schema }, given: Record<string, unknown>) => ({
  name,
  arguments: JSON.stringify(
    Object.keys(record(parameters['properties'])).length > 0 ? conform(parameters, given) : given,
  ),
});

function answer({ messages, schema }: Asked, now: number): string {
  const seen = seenIn(messages);
  if (!schema) return proseOn(seen, messages.findLast(({ role }) => role === 'user')?.text ?? '');
  const name =
    schema.name ||
    ['DigitalPresenceAudit', 'OnboardingReport'].find((known) => messages.some(({ text }) => text.includes(known)));
  const candidate =
    name === 'DigitalPresenceAudit' ? audit(seen, now) : name === 'OnboardingReport' ? report(seen) : undefined;
  return JSON.stringify(conform(schema.schema, candidate));
}

function proseOn({ contents }: Seen, question: string): string {
  const asked = question.replace(/\s+/g, ' ').slice(0, 120);
  const titles = [...contents.values()].map(({ title, id }) => `“${title}” (${id})`).slice(0, 5);
  return titles.length > 0
    ? `I looked at ${titles.join(', ')}. You asked: ${asked}`
    : `I am the emulator's scripted model and know only what I was told. You asked: ${asked}`;
}
