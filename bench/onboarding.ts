import { randomUUID } from 'node:crypto';
import { Email, OperationId, PLATFORM, TenantId, UserId } from '../ports/ids.ts';
import { onboardTenantId, QUEUES } from '../ports/operations.ts';
import { logIn } from '../scripts/demo/api-client.ts';
import type { ApiClient } from '../scripts/demo/api-client.ts';
import { createClaims } from '../scripts/demo/claims.ts';
import { emulatedSite } from '../scripts/demo/main-job.ts';
import { playMainJob } from '../scripts/demo/play.ts';
import { searchAttributes } from '../workflows/lib/attributes.ts';
import { onboardTenant } from '../workflows/onboard-tenant.ts';
import type { OpenPorts } from '../adapters/index.ts';
import { kib, ms, quantile, seconds, timed } from './figures.ts';
import type { Figure } from './figures.ts';
import { historyOf, newSlug, portsOf } from './operations.ts';
import { startProduct } from './product.ts';

const STARTS = 300;
const WARM_UP = 50;
const POLICY = {
  roles: ['tenant_admin' as const],
  remindAfterMs: 1000,
  deadlineMs: 2000,
  onDeadline: 'reject' as const,
};

const byHttp = async (admin: ApiClient): Promise<number> => {
  const slug = newSlug();
  return timed(async () => {
    const { status } = await admin.post('/api/v1/tenants', {
      name: slug,
      slug,
      ownerEmail: `owner@${slug}.example`,
      connectors: [],
    });
    if (status !== 202) throw new Error(`POST /tenants answered ${status}`);
  });
};

/** The same workflow with the same input, by the bare client. Its operation's row is there before, so that it runs as the other does. */
const byClient = async ({ operations, temporal }: OpenPorts, startedBy: UserId): Promise<number> => {
  const slug = newSlug();
  const workflowId = onboardTenantId(slug);
  const operationId = OperationId.parse(randomUUID());
  await operations.begin({
    id: operationId,
    scope: PLATFORM,
    workflowId,
    kind: 'onboardTenant',
    startedBy,
    idempotencyKey: null,
  });
  const input = {
    operationId,
    tenantId: TenantId.parse(randomUUID()),
    startedBy,
    tenant: {
      name: slug,
      slug,
      ownerEmail: Email.parse(`owner@${slug}.example`),
      plan: 'starter' as const,
      connectors: [],
    },
    approvalPolicy: POLICY,
    syncEveryMs: 3_600_000,
  };
  return timed(() =>
    temporal.client.workflow.start(onboardTenant, {
      workflowId,
      taskQueue: QUEUES.operations,
      args: [input],
      typedSearchAttributes: searchAttributes({ tenantId: PLATFORM, operation: 'onboardTenant' }),
      memo: { operationId },
    }),
  );
};

/** What is started stands still: what the API adds to a start when the machine has nothing else to do. */
const IDLE = { parts: 'temporal,database,emulator,migrations,api', named: 'nothing at work', aim: '' };
/** What is started runs, as it does for whoever starts it. */
const AT_WORK = { parts: undefined, named: 'onboardings at work', aim: '; aim ≤ 1.5' };

/** What the API adds to a start: authorization, the Idempotency-Key and the operation's row, each of them a transaction. */
const measureStarts = async ({ parts, named, aim }: typeof IDLE | typeof AT_WORK): Promise<Figure[]> => {
  const product = await startProduct(parts === undefined ? {} : { parts });
  try {
    await using ports = await portsOf(product);
    const admin = await logIn(product.apiUrl, 'admin@bizosaas.local');
    const { body: me } = await admin.get<{ userId: string }>('/api/v1/me');
    const startedBy = UserId.parse(me.userId);
    const http: number[] = [];
    const raw: number[] = [];
    // One after the other, in turn, so that both see the same machine.
    for (let round = 0; round < WARM_UP + STARTS; round += 1) {
      const pair = [await byHttp(admin), await byClient(ports, startedBy)] as const;
      if (round < WARM_UP) continue;
      http.push(pair[0]);
      raw.push(pair[1]);
    }
    const [p50Http, p50Raw] = [quantile(http, 0.5), quantile(raw, 0.5)];
    const ratio = `${(p50Http / p50Raw).toFixed(2)} × the bare client’s${aim}`;
    return [
      { figure: `start by HTTP, ${named}, p50`, value: ms(p50Http), against: ratio },
      { figure: `start by the bare client, ${named}, p50`, value: ms(p50Raw) },
      {
        figure: `start by HTTP, ${named}, p99`,
        value: ms(quantile(http, 0.99)),
        against: `bare client ${ms(quantile(raw, 0.99))}`,
      },
    ];
  } finally {
    await product.stop();
  }
};

/** One whole onboarding, and what it leaves in history. */
const measureWhole = async (): Promise<Figure[]> => {
  const product = await startProduct();
  try {
    await using ports = await portsOf(product);
    const claims = createClaims(() => undefined);
    const { apiUrl, dataDir, emulatorUrl } = product;
    const stage = { apiUrl, dataDir, site: emulatedSite(emulatorUrl) };
    const whole = await timed(() => playMainJob(stage, claims));
    const { data } = await ports.tenants.list({ limit: 1 });
    const history = await historyOf(ports, onboardTenantId(data[0]?.slug ?? ''));
    const held = claims.claims.filter(({ ok }) => ok).length;
    return [
      {
        figure: 'one whole onboarding, people and model at once',
        value: seconds(whole),
        against: `${held} of ${claims.claims.length} claims held`,
      },
      {
        figure: 'history of one whole onboarding',
        value: kib(history.bytes),
        against: `${history.events} events; aim ≤ 100 KiB`,
      },
    ];
  } finally {
    await product.stop();
  }
};

export const measureOnboarding = async (): Promise<Figure[]> => [
  ...(await measureStarts(AT_WORK)),
  ...(await measureStarts(IDLE)),
  ...(await measureWhole()),
];
