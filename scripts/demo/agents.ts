import type { ApiClient } from './api-client.ts';
import type { Claims } from './claims.ts';

/** The emulator's models play what they are told, so that every claim is the same each time. */
export interface Models {
  /** Answers of the conversation whose text holds `[[script:name]]`, in turn. */
  script: (name: string, turns: object[]) => Promise<void>;
  /** How often a model was paid for it. */
  paid: (name: string) => Promise<number>;
}

export const emulatedModels = (emulatorUrl: string): Models => ({
  async script(name, turns) {
    const body = JSON.stringify({ turns });
    const headers = { 'content-type': 'application/json' };
    const { status } = await fetch(`${emulatorUrl}/control/models/${name}`, { method: 'POST', headers, body });
    if (status >= 300) throw new Error(`the emulator did not take the script ${name}: ${status}`);
  },
  async paid(name) {
    const answer = await fetch(`${emulatorUrl}/control/models/${name}/calls`);
    const calls = (await answer.json()) as { kind: string }[];
    return calls.filter(({ kind }) => kind === 'answered').length;
  },
});

interface Said {
  conversationId: string;
  answer: { content: string; state: string | null } | null;
}
interface Waiting {
  id: string;
  contentHash: string;
  subject: string;
}
interface ToolCallShown {
  content: { tool: string; arguments: Record<string, unknown> };
}
interface RunShown {
  state: string;
  reply: { text: string } | null;
  usage: { modelCalls: number; toolCalls: number; costMicros: number };
  error: { code: string } | null;
}

const WAIT_MS = 30_000;
const LOOK_MS = 100;

const waitFor = async <Found>(what: string, look: () => Promise<Found | null>): Promise<Found> => {
  const until = Date.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > until) throw new Error(`${what} did not come within ${WAIT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};

const chat = async (owner: ApiClient, { hold }: Claims): Promise<void> => {
  const said = await owner.post<Said>(
    '/api/v1/agents/ContactIntelligence/chat',
    { text: 'What can you tell me about our contacts?' },
    crypto.randomUUID(),
    { prefer: 'wait=30' },
  );
  const answer = said.body.answer;
  hold('an agent answers in a chat', answer?.state === 'done' && answer.content.length > 0, said);
};

/** One change that an agent wants to make: a person edits it, it is made once, and the receipt says so. */
const change = async (
  owner: ApiClient,
  drafts: (title: string) => Promise<number>,
  models: Models,
  { hold }: Claims,
): Promise<void> => {
  const name = `draft-${Date.now().toString(36)}`;
  const title = `Proposed ${name}`;
  const fields = { title, content: '<p>Written by an agent.</p>', status: 'draft' };
  await models.script(name, [
    { calls: [{ name: 'cms_list', arguments: { resource: 'posts', limit: 3 } }] },
    { calls: [{ name: 'cms_write', arguments: { resource: 'posts', fields } }] },
    { text: 'The draft stands on the site.' },
  ]);
  const started = await owner.post<{ runId: string }>('/api/v1/agents/ContentCreator/runs', {
    brief: `Write a draft. [[script:${name}]]`,
  });
  const run = `/api/v1/runs/${started.body.runId}`;
  const asked = await waitFor('the approval', async () => {
    const { body } = await owner.get<{ data: Waiting[] }>('/api/v1/approvals?state=pending');
    return body.data[0] ?? null;
  });
  hold('nothing is written before a person agrees', (await drafts(title)) === 0, await drafts(title));
  const path = `/api/v1/approvals/${asked.id}`;
  const { body: shown } = await owner.get<ToolCallShown>(path);
  hold(
    'the approval shows exactly what will be written',
    JSON.stringify(shown.content.arguments).includes(title),
    shown.content,
  );
  const edited = `${title} (edited)`;
  const decided = await owner.post<{ outcome: string }>(`${path}/decisions`, {
    kind: 'edit',
    contentHash: asked.contentHash,
    arguments: { ...shown.content.arguments, fields: { ...fields, title: edited } },
  });
  hold('a person edits the arguments and approves', decided.body.outcome === 'approved', decided);
  const ended = await waitFor('the end of the run', async () => {
    const { body } = await owner.get<RunShown>(run);
    return body.state === 'running' ? null : body;
  });
  const written = [await drafts(edited), await drafts(title)];
  hold('what the person approved is written, once', JSON.stringify(written) === '[1,0]', { written, ended });
  hold('the run has its answer', ended.reply?.text === 'The draft stands on the site.', ended);
  const paid = await models.paid(name);
  hold('each turn was paid once', paid === 3 && ended.usage.modelCalls === 3, { paid, usage: ended.usage });
  const { body: receipt } = await owner.get<Record<string, unknown>>(`${run}/receipt`);
  hold('the receipt is signed and names the approval', JSON.stringify(receipt).includes(asked.id), receipt);
  const budgets = await owner.get<{ data: { spentMicros: number }[] }>('/api/v1/budgets');
  hold('what it cost is counted', (budgets.body.data[0]?.spentMicros ?? 0) > 0, budgets.body);
};

/** Agents of a live tenant at work. `drafts`: how many drafts of this title stand on its site. */
export const playAgents = async (
  owner: ApiClient,
  drafts: (title: string) => Promise<number>,
  models: Models,
  claims: Claims,
): Promise<void> => {
  await chat(owner, claims);
  await change(owner, drafts, models, claims);
};
