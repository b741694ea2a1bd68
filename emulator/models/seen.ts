import { list, record } from '../http.ts';
import type { Message } from './conversation.ts';
import { jsonIn } from './json-in.ts';

export interface Content {
  id: string;
  resource: string;
  title: string;
  modifiedAt?: string;
  excerpt?: string;
  /** Present once it was read in full. */
  text?: string;
}

export interface Finding {
  title: string;
  severity: string;
  detail: string;
  contentIds: string[];
}

/** Everything the conversation really holds: the model cites from here and nowhere else. */
export interface Seen {
  contents: Map<string, Content>;
  findings: Finding[];
  summaries: string[];
  ids: Set<string>;
}

export function seenIn(messages: Message[]): Seen {
  const seen: Seen = { contents: new Map(), findings: [], summaries: [], ids: new Set() };
  const told = messages.filter(({ role }) => role === 'tool' || role === 'user');
  for (const { text } of told) for (const value of jsonIn(text)) walk(value, seen);
  return seen;
}

function walk(value: unknown, seen: Seen): void {
  if (Array.isArray(value)) {
    for (const item of list(value)) walk(item, seen);
    return;
  }
  const held = record(value);
  const { id, title, severity, detail, contentIds, summary } = held;
  if ((typeof id === 'string' || typeof id === 'number') && typeof title === 'string') {
    remember(seen, String(id), title, held);
  }
  if (Array.isArray(contentIds)) {
    const ids = list(contentIds).filter((one) => typeof one === 'string');
    for (const one of ids) seen.ids.add(one);
    seen.findings.push({ title: textOf(title), severity: textOf(severity), detail: textOf(detail), contentIds: ids });
  }
  if (typeof summary === 'string') seen.summaries.push(summary);
  for (const inner of Object.values(held)) if (typeof inner === 'object') walk(inner, seen);
}

function remember(seen: Seen, id: string, title: string, held: Record<string, unknown>): void {
  const known = seen.contents.get(id);
  seen.ids.add(id);
  seen.contents.set(id, {
    ...known,
    id,
    title: plain(title),
    resource: textOf(held['resource']) || known?.resource || 'posts',
    ...(typeof held['modifiedAt'] === 'string' ? { modifiedAt: held['modifiedAt'] } : {}),
    ...(typeof held['excerpt'] === 'string' ? { excerpt: plain(held['excerpt']) } : {}),
    ...(typeof held['text'] === 'string' ? { text: plain(held['text']) } : {}),
  });
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const plain = (html: string): string =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
