import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { OpenPorts } from '../adapters/index.ts';
import { ConnectionId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { connectionWorkflowId, MESSAGES } from '../ports/operations.ts';
import { mib, ms, quantile, seconds, timed } from './figures.ts';
import type { Figure } from './figures.ts';
import { aTenant, control, HOUR_MS, open, startWorkflow } from './open-connections.ts';
import type { Opened } from './open-connections.ts';
import { historyOf, portsOf } from './operations.ts';
import { startProduct } from './product.ts';
import type { Product } from './product.ts';

const READS = 500;
const UPDATES = 200;
const CALLERS = 200;
const AT_ONCE = 200;
const OPEN = 10_000;
const STARTING_AT_ONCE = 50;
const DAY_S = 86_400;
/** Tokens live an hour, and are renewed when three quarters of it have passed, on average. */
const REFRESHES_A_DAY = DAY_S / (3600 * 0.75);

const inBatches = async <Item>(items: Item[], size: number, work: (item: Item) => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < items.length; at += size) await Promise.all(items.slice(at, at + size).map(work));
};

/** What a caller pays while the token is fresh: two reads, and no workflow. */
const measureFresh = async ({ connections, secrets }: OpenPorts, { tenantId, connectionId }: Opened) => {
  const times: number[] = [];
  for (let nth = 0; nth < READS; nth += 1) {
    times.push(
      await timed(async () => {
        const { vaultPath } = await connections.get(tenantId, connectionId);
        await secrets.read(vaultPath);
      }),
    );
  }
  const value = ms(quantile(times, 0.5));
  return [{ figure: 'fresh credential, p50', value, against: `p99 ${ms(quantile(times, 0.99))}` }];
};

/** An update that finds a newer token there already, by our port and by the bare client. */
const measureUpdates = async ({ workflows, temporal }: OpenPorts, opened: Opened): Promise<Figure[]> => {
  const { tenantId, connectionId, workflowId } = opened;
  const [ours, raw]: [number[], number[]] = [[], []];
  const handle = temporal.client.workflow.getHandle(workflowId);
  for (let nth = 0; nth < UPDATES; nth += 1) {
    ours.push(await timed(() => workflows.refreshToken(tenantId, connectionId, 0)));
    raw.push(await timed(() => handle.executeUpdate(MESSAGES.refresh, { args: [{ observedVersion: 0 }] })));
  }
  const [p50, p50Raw] = [quantile(ours, 0.5), quantile(raw, 0.5)];
  return [
    { figure: 'update round trip, p50', value: ms(p50), against: `${(p50 / p50Raw).toFixed(2)} × the bare client’s` },
  ];
};

const refreshes = async (product: Product): Promise<number> => {
  const { grantTypes } = await control(product, 'token-calls');
  return (grantTypes as Record<string, { calls: number } | undefined>)['refresh_token']?.calls ?? 0;
};

/** Many who find one token refused, and many connections at once that find theirs so. */
const measureStorm = async (ports: OpenPorts, product: Product, one: Opened, many: Opened[]): Promise<Figure[]> => {
  const { connectors, temporal } = ports;
  const read = ({ tenantId, connectionId }: Opened) =>
    connectors.read(tenantId, connectionId, 'contacts', { limit: 1 });
  await control(product, 'expire-tokens', {});
  const before = await refreshes(product);
  const history = await historyOf(ports, one.workflowId);
  const together = await timed(() => Promise.all(Array.from({ length: CALLERS }, () => read(one))));
  const asked = (await refreshes(product)) - before;
  const { events } = await historyOf({ temporal } as OpenPorts, one.workflowId);
  const each = await timed(() => Promise.all(many.map(read)));
  const perRefresh = events - history.events;
  return [
    {
      figure: `${CALLERS} callers of one connection with a dead token`,
      value: ms(together),
      against: `${asked} call to the vendor’s token endpoint`,
    },
    {
      figure: `${many.length} connections with dead tokens, all at once`,
      value: ms(each),
      against: `${Math.round((many.length / each) * 1000)} refreshes/s`,
    },
    { figure: 'events of a refresh that was asked for', value: String(perRefresh) },
    {
      figure: 'events of one connection a day, hourly tokens',
      value: String(Math.round(perRefresh * REFRESHES_A_DAY)),
      against: `× 1,000,000 connections = ${Math.round((perRefresh * REFRESHES_A_DAY * 1e6) / DAY_S)} events/s`,
    },
  ];
};

/** Tasks are taken in order: when the last one answers, all the others rest. */
const untilSettled = async ({ temporal }: OpenPorts, workflowId: string): Promise<void> => {
  const ask = () =>
    temporal.client.workflow
      .getHandle(workflowId)
      .query(MESSAGES.status)
      .then(
        () => true,
        () => false,
      );
  while (!(await ask())) await pause(1000);
};

/** Connections that are open and have nothing to do: what they cost a worker. */
const measureOpen = async (ports: OpenPorts, product: Product, tenantId: TenantId): Promise<Figure[]> => {
  const before = await product.peakBytes('worker');
  const expiresAt = new Date(Date.now() + 24 * HOUR_MS).toISOString();
  const all = Array.from({ length: OPEN }, () => {
    const connectionId = ConnectionId.parse(randomUUID());
    return { tenantId, connectionId, workflowId: connectionWorkflowId(tenantId, connectionId) };
  });
  const took = await timed(() =>
    inBatches(all, STARTING_AT_ONCE, (each) => startWorkflow(ports.temporal.client, each, 1, expiresAt)),
  );
  const settled = await timed(() => untilSettled(ports, all.at(-1)?.workflowId ?? ''));
  const after = await product.peakBytes('worker');
  return [
    {
      figure: `${OPEN} connections opened`,
      value: ms(took),
      against: `${Math.round((OPEN / took) * 1000)}/s; at rest ${seconds(settled)} later`,
    },
    { figure: 'worker’s peak memory with them', value: mib(after), against: `${mib(before)} before` },
  ];
};

export const measureConnections = async (): Promise<Figure[]> => {
  const product = await startProduct();
  try {
    await using ports = await portsOf(product);
    await control(product, 'rotate', { on: true });
    const tenantId = await aTenant(ports);
    const one = await open(ports, product, tenantId);
    const many = await Promise.all(Array.from({ length: AT_ONCE }, () => open(ports, product, tenantId)));
    return [
      ...(await measureFresh(ports, one)),
      ...(await measureUpdates(ports, one)),
      ...(await measureStorm(ports, product, one, many)),
      ...(await measureOpen(ports, product, tenantId)),
    ];
  } finally {
    await product.stop();
  }
};
