import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { PayloadCodec } from '@temporalio/common';
import pg from 'pg';
import { ENCODING } from '../../adapters/temporal/codec.ts';

/** All ways in which a text may stand somewhere: as it is, in JSON, in a URL, in hex, in base64 at any of its three places. */
export function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  const inBase64 = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // The characters at both ends also hold what stands beside the text.
    return whole.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + bytes.length) * 8) / 6)).replace(/=+$/, '');
  });
  const inUrl = [encodeURIComponent(text), encodeURIComponent(text).replaceAll('%20', '+')];
  const forms = [
    text,
    text.replaceAll(' ', ''),
    JSON.stringify(text).slice(1, -1),
    ...inUrl,
    bytes.toString('hex'),
    ...inBase64,
  ];
  return [...new Set(forms)].filter((form) => form.length > 5);
}

/** What of it was found where. */
export function leaks(secrets: Map<string, string>, places: Record<string, string>): string[] {
  return [...secrets].flatMap(([name, secret]) =>
    Object.entries(places)
      .filter(([, text]) => spellings(secret).some((form) => text.includes(form)))
      .map(([place]) => `${name} stands in ${place}`),
  );
}

/** Every text within a message of Temporal: what is sealed is opened, and shown in both forms. */
async function textsOf(value: unknown, codec: PayloadCodec, texts: string[] = []): Promise<string[]> {
  if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString());
  else if (typeof value !== 'object' || value === null) texts.push(String(value));
  else {
    const { metadata, data } = value as { metadata?: Record<string, Uint8Array>; data?: Uint8Array };
    if (Buffer.from(metadata?.['encoding'] ?? []).toString() === ENCODING) {
      const [opened] = await codec.decode([{ metadata: metadata ?? {}, data: data ?? null }]);
      texts.push(Buffer.from(opened?.data ?? []).toString());
    }
    for (const [name, part] of Object.entries(value)) {
      texts.push(name);
      await textsOf(part, codec, texts);
    }
  }
  return texts;
}

/** What a Temporal namespace shows of itself: ids in clear, and all that it keeps, raw and decoded. */
export async function keptByTemporal({ client, codec }: { client: Client; codec: PayloadCodec }) {
  const { namespace } = client.options;
  const [raw, decoded]: string[][] = [[], []];
  const ids: { workflowId: string; type: string; queue: string; attributes: string }[] = [];
  const schedules: string[] = [];
  for await (const { workflowId, runId, type, taskQueue, searchAttributes } of client.workflow.list()) {
    ids.push({ workflowId, type, queue: taskQueue, attributes: JSON.stringify(searchAttributes) });
    const execution = { workflowId, runId };
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const described = await client.workflowService.describeWorkflowExecution({ namespace, execution });
    raw?.push(historyToJSON(history), JSON.stringify(described));
    decoded?.push(...(await textsOf(history, codec)), ...(await textsOf(described, codec)));
  }
  for await (const { scheduleId } of client.schedule.list()) {
    schedules.push(scheduleId);
    const described = await client.workflowService.describeSchedule({ namespace, scheduleId });
    raw?.push(JSON.stringify(described));
    decoded?.push(...(await textsOf(described, codec)));
  }
  return { ids, schedules, raw: raw?.join('\n') ?? '', decoded: decoded?.join('\n') ?? '' };
}

/** Every row of every table of ours, as text, by the table's name. */
export async function keptInTables(connectionString: string): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    const found: [string, string][] = [];
    for (const { name } of rows) {
      const { rows: all } = await client.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM "${name}" t`);
      found.push([`table ${name}`, all.map(({ row }) => row).join('\n')]);
    }
    return Object.fromEntries(found);
  } finally {
    await client.end();
  }
}
