import type { HttpClient } from '../http/client.ts';
import type { Message } from './message.ts';
import { postJson } from './post.ts';

/** The three characters that begin a mention, a link or an entity in a Slack message. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** By an incoming webhook: its URL alone says who posts where. */
export async function sendToSlack(http: HttpClient, url: string, message: Message): Promise<string> {
  const text = `${escaped(message.subject)}\n${escaped(message.url)}`;
  await postJson(http, { who: 'Slack', url, body: JSON.stringify({ text }) });
  return 'Slack took the message.';
}
