import type { OpenPorts } from '../adapters/index.ts';
import type { Email, TenantId } from '../ports/ids.ts';
import { createApiClient } from '../scripts/demo/api-client.ts';
import { AGENT, aTenantWithAgents, MODEL, startRun, turns } from './agents/ground.ts';
import { leftBy } from './agents/histories.ts';
import { bareCall, bareFirst, promptsOf, script, untilFirst } from './agents/provider.ts';
import { kib, ms, quantile, seconds, timed } from './figures.ts';
import type { Figure } from './figures.ts';
import { portsOf } from './operations.ts';
import { startProduct } from './product.ts';
import type { Product } from './product.ts';

const STEPS = 40;
const WARM_UP = 5;
const READS = 100;
const RUNS = 50;
const STEPS_EACH = 8;
const LONG = 500;
const CHATS = 30;
const UNBOUND = { steps: 1000, toolCalls: 2000, tokens: 1_000_000_000, micros: 1_000_000_000 };

/** What the product adds to one call of a model: queues, the transcript, the budgets, the journal. */
const measureStep = async (product: Product, ports: OpenPorts, tenantId: TenantId): Promise<Figure[]> => {
  await script(product, 'steps', turns(STEPS));
  const run = await startRun(ports, tenantId, 'steps');
  const whole = await timed(() => run.result());
  const { stepsMs, queuedMs, bytes, events } = await leftBy(ports, run);
  // The same requests again, with nothing around them.
  const bare: number[] = [];
  for (const prompt of await promptsOf(product, 'steps')) bare.push(await bareCall(product, prompt));
  // A step is about ten of these.
  const reads: number[] = [];
  for (let nth = 0; nth < READS; nth += 1) reads.push(await timed(() => ports.tenants.get(tenantId)));
  const [step, call] = [stepsMs.slice(WARM_UP), bare.slice(WARM_UP)];
  const [p50, p50Bare] = [quantile(step, 0.5), quantile(call, 0.5)];
  return [
    {
      figure: 'what a model step adds to the bare provider call, p50',
      value: ms(p50 - p50Bare),
      against: `step ${ms(p50)} (${ms(quantile(queuedMs.slice(WARM_UP), 0.5))} of it in Temporal’s queue), bare call ${ms(p50Bare)}, one transaction ${ms(quantile(reads, 0.5))}; aim ≤ 25 ms`,
    },
    { figure: 'a model step with the tool call that follows', value: ms(whole / STEPS), against: `${STEPS} in a row` },
    {
      figure: 'history of a model step with its tool call',
      value: kib(bytes / STEPS),
      against: `${(events / STEPS).toFixed(1)} events; aim ≤ 6 KiB`,
    },
  ];
};

const measureMany = async (product: Product, ports: OpenPorts, tenantId: TenantId): Promise<Figure[]> => {
  await script(product, 'many', turns(STEPS_EACH));
  const times: number[] = [];
  const whole = await timed(() =>
    Promise.all(
      Array.from({ length: RUNS }, async () => {
        const run = await startRun(ports, tenantId, 'many');
        times.push(await timed(() => run.result()));
      }),
    ),
  );
  const steps = RUNS * STEPS_EACH;
  return [
    {
      figure: `${RUNS} runs at once, ${STEPS_EACH} model steps and ${STEPS_EACH - 1} tool calls each`,
      value: seconds(whole),
      against: `${Math.round((steps / whole) * 1000)} steps/s; slowest run ${seconds(Math.max(...times))}`,
    },
  ];
};

const measureLong = async (product: Product, ports: OpenPorts, tenantId: TenantId): Promise<Figure[]> => {
  await script(product, 'long', turns(LONG));
  const run = await startRun(ports, tenantId, 'long', UNBOUND);
  const whole = await timed(() => run.result());
  const { bytes, events, continued } = await leftBy(ports, run);
  return [
    {
      figure: `history of a run of ${LONG} model steps, for each step`,
      value: kib(bytes / LONG),
      against: `${(events / LONG).toFixed(1)} events; ${seconds(whole)}; went on as a new run ${continued} ×; aim ≤ 6 KiB`,
    },
  ];
};

/** How long somebody who chats waits for the first word, beside the stream that the provider gives. */
const measureChat = async (product: Product, ports: OpenPorts, tenantId: TenantId): Promise<Figure[]> => {
  await script(product, 'chat', [{ text: 'Some words. '.repeat(40), pieceDelayMs: 10, repeat: true }]);
  const email = `owner@${tenantId}.example`;
  await ports.identity.addMembership(tenantId, email as Email, 'tenant_admin');
  const { body } = await createApiClient(product.apiUrl).post<{ token: string }>('/api/v1/auth/dev-login', { email });
  const text = 'Hello [[script:chat]]';
  const [chat, bare]: [number[], number[]] = [[], []];
  for (let nth = 0; nth < CHATS; nth += 1) {
    const headers = {
      ...{ authorization: `Bearer ${body.token}`, 'content-type': 'application/json' },
      ...{ accept: 'text/event-stream', 'idempotency-key': crypto.randomUUID() },
    };
    const url = `${product.apiUrl}/api/v1/agents/${AGENT}/chat`;
    chat.push(await untilFirst(url, { headers, body: JSON.stringify({ text }) }, 'event: token'));
    bare.push(await bareFirst(product, { model: MODEL, messages: [{ role: 'user', content: text }] }));
  }
  const [p50, p50Bare] = [quantile(chat, 0.5), quantile(bare, 0.5)];
  return [
    {
      figure: 'first token of a new chat by HTTP, p50',
      value: ms(p50),
      against: `bare stream ${ms(p50Bare)}; p99 ${ms(quantile(chat, 0.99))}`,
    },
  ];
};

export const measureAgents = async (): Promise<Figure[]> => {
  const product = await startProduct();
  try {
    await using ports = await portsOf(product);
    const tenantId = await aTenantWithAgents(ports);
    return [
      ...(await measureStep(product, ports, tenantId)),
      ...(await measureMany(product, ports, tenantId)),
      ...(await measureLong(product, ports, tenantId)),
      ...(await measureChat(product, ports, tenantId)),
    ];
  } finally {
    await product.stop();
  }
};
