import { randomBytes, randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCategories } from '../adapters/categories/index.ts';
import { unlimited } from '../adapters/budgets/unlimited.ts';
import { createConnectors } from '../adapters/connectors/index.ts';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import { postgresTokenStream } from '../adapters/postgres/token-stream.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { agentSettings } from '../adapters/postgres/testing-agents.ts';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { catalogue } from '../agents/index.ts';
import { Fault } from '../ports/errors.ts';
import { ApprovalId, ConnectionId, Email, OperationId, RunId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { toolsHashOf } from '../ports/mcp.ts';
import { ROLES } from '../ports/identity.ts';
import type { Principal, Role } from '../ports/identity.ts';
import type { ApiDeps } from './deps.ts';
import { takesBody } from './route.ts';
import type { Route } from './route.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';
import { sha256 } from './tokens.ts';

const EVERYONE = ['tenant_user', 'tenant_admin', 'platform_admin', 'super_admin'];
const MANAGERS = ['tenant_admin', 'platform_admin', 'super_admin'];
const PLATFORM = ['platform_admin', 'super_admin'];
const PUBLIC: string[] = [];
/** No role at all: only the token of a claimed connect session. */
const SESSION: string[] = [];

/** SPEC §2, said a second time: a route that is not here, or is open to others than these, fails. */
const WHO: Record<string, string[]> = {
  'get /healthz': PUBLIC,
  'get /api/v1/receipts/keys': PUBLIC,
  'get /readyz': PUBLIC,
  'post /api/v1/auth/dev-login': PUBLIC,
  'get /api/v1/oauth/callback': PUBLIC,
  'get /api/v1/oauth/callback/:connector': PUBLIC,
  'post /api/v1/connect-session/claim': PUBLIC,
  'get /api/v1/connect-session': SESSION,
  'get /api/v1/connect-session/status': SESSION,
  'post /api/v1/connect-session/connect': SESSION,
  'post /api/v1/connect-session/authorize': SESSION,
  'post /api/v1/connect-sessions': MANAGERS,
  'get /api/v1/connect-sessions/:id': MANAGERS,
  'get /api/v1/me': EVERYONE,
  'post /api/v1/tenants': PLATFORM,
  'get /api/v1/tenants': PLATFORM,
  'get /api/v1/tenants/:id': EVERYONE,
  'get /api/v1/tenants/:id/settings': MANAGERS,
  'put /api/v1/tenants/:id/settings': MANAGERS,
  'get /api/v1/connectors': EVERYONE,
  'get /api/v1/connectors/:id': EVERYONE,
  'get /api/v1/connectors/:id/limits': PLATFORM,
  'put /api/v1/connectors/:id/limits': PLATFORM,
  'get /api/v1/connectors/:id/usage': PLATFORM,
  'get /api/v1/connectors/:id/health': EVERYONE,
  'get /api/v1/connections/:id/health': EVERYONE,
  'get /api/v1/connections': EVERYONE,
  'post /api/v1/connections': MANAGERS,
  'get /api/v1/connections/:id': EVERYONE,
  'get /api/v1/connections/:id/status': EVERYONE,
  'post /api/v1/connections/:id/connect': MANAGERS,
  'post /api/v1/connections/:id/disconnect': MANAGERS,
  'post /api/v1/connections/:id/test': MANAGERS,
  'post /api/v1/connections/:id/disable': MANAGERS,
  'post /api/v1/connections/:id/enable': MANAGERS,
  'get /api/v1/connections/:id/events': EVERYONE,
  'get /api/v1/connections/:id/impact': EVERYONE,
  'post /api/v1/connections/:id/sync/:resource': MANAGERS,
  'get /api/v1/connections/:id/data/:resource': EVERYONE,
  'get /api/v1/connections/:id/data/:resource/:itemId': EVERYONE,
  'post /api/v1/connections/:id/data/:resource': MANAGERS,
  'patch /api/v1/connections/:id/data/:resource/:itemId': MANAGERS,
  'delete /api/v1/connections/:id/data/:resource/:itemId': MANAGERS,
  'post /api/v1/connections/:id/data/:resource/upload': MANAGERS,
  'get /api/v1/connectors/:id/status': EVERYONE,
  'post /api/v1/connectors/:id/connect': MANAGERS,
  'post /api/v1/connectors/:id/disconnect': MANAGERS,
  'post /api/v1/connectors/:id/test': MANAGERS,
  'post /api/v1/connectors/:id/disable': MANAGERS,
  'post /api/v1/connectors/:id/enable': MANAGERS,
  'get /api/v1/connectors/:id/events': EVERYONE,
  'get /api/v1/connectors/:id/impact': EVERYONE,
  'post /api/v1/connectors/:id/sync/:resource': MANAGERS,
  'get /api/v1/connectors/:id/data/:resource': EVERYONE,
  'get /api/v1/connectors/:id/data/:resource/:itemId': EVERYONE,
  'post /api/v1/connectors/:id/data/:resource': MANAGERS,
  'patch /api/v1/connectors/:id/data/:resource/:itemId': MANAGERS,
  'delete /api/v1/connectors/:id/data/:resource/:itemId': MANAGERS,
  'post /api/v1/connectors/:id/data/:resource/upload': MANAGERS,
  'get /api/v1/data/:category/:resource': EVERYONE,
  'get /api/v1/data/:category/:resource/:itemId': EVERYONE,
  'get /api/v1/syncs': EVERYONE,
  'get /api/v1/syncs/:id': EVERYONE,
  'post /api/v1/syncs/:id/cancel': MANAGERS,
  'get /api/v1/syncs/quarantine': EVERYONE,
  'post /api/v1/syncs/quarantine/retry': MANAGERS,
  'put /api/v1/connections/:id/sync': MANAGERS,
  'get /api/v1/schedules': EVERYONE,
  'post /api/v1/oauth/authorize/:connector': MANAGERS,
  'post /api/v1/oauth/callback': MANAGERS,
  'post /api/v1/oauth/callback/:connector': MANAGERS,
  'get /api/v1/oauth/apps': PLATFORM,
  'get /api/v1/oauth/apps/:connector': PLATFORM,
  'post /api/v1/oauth/apps/:connector': PLATFORM,
  'post /api/v1/oauth/apps/:connector/test': PLATFORM,
  'post /api/v1/oauth/apps/:connector/remove': PLATFORM,
  'get /api/v1/approvals': EVERYONE,
  'get /api/v1/approvals/:id': EVERYONE,
  'post /api/v1/approvals/:id/decisions': EVERYONE,
  'post /api/v1/approvals/:id/delegate': EVERYONE,
  'post /api/v1/approvals/links': EVERYONE,
  'get /api/v1/operations': EVERYONE,
  'get /api/v1/operations/:id': EVERYONE,
  'get /api/v1/operations/:id/events': EVERYONE,
  'post /api/v1/operations/:id/cancel': MANAGERS,
  'get /api/v1/audit': MANAGERS,
  'post /api/v1/codec/session': PLATFORM,
  'post /api/v1/codec/decode': PLATFORM,
  'post /api/v1/codec/encode': PLATFORM,
  'get /api/v1/notifications': EVERYONE,
  'get /api/v1/notification-channels': MANAGERS,
  'post /api/v1/notification-channels': MANAGERS,
  'post /api/v1/notification-channels/:id/test': MANAGERS,
  'post /api/v1/notification-channels/:id/remove': MANAGERS,
  'get /api/v1/secrets/rotation': MANAGERS,
  'get /api/v1/secrets/rotation/policies': PLATFORM,
  'get /api/v1/secrets/rotation/policies/:class': PLATFORM,
  'put /api/v1/secrets/rotation/policies/:class': PLATFORM,
  'post /api/v1/secrets/rotations': MANAGERS,
  'get /api/v1/secrets/rotations/:id': MANAGERS,
  'post /api/v1/secrets/rotations/:id/successor': MANAGERS,
  'post /api/v1/secrets/rotations/:id/cancel': MANAGERS,
  'get /api/v1/agents': EVERYONE,
  'get /api/v1/agents/metrics': EVERYONE,
  'get /api/v1/agents/:id': EVERYONE,
  'get /api/v1/agents/:id/metrics': EVERYONE,
  'get /api/v1/agents/:id/config': EVERYONE,
  'put /api/v1/agents/:id/config': PLATFORM,
  'post /api/v1/agents/:id/runs': EVERYONE,
  'post /api/v1/agents/:id/test': EVERYONE,
  'get /api/v1/runs': EVERYONE,
  'get /api/v1/runs/:id': EVERYONE,
  'get /api/v1/runs/:id/transcript': EVERYONE,
  'get /api/v1/runs/:id/tool-calls': EVERYONE,
  'get /api/v1/runs/:id/receipt': EVERYONE,
  'get /api/v1/runs/:id/stream': EVERYONE,
  'post /api/v1/agents/:id/chat': EVERYONE,
  'get /api/v1/conversations': EVERYONE,
  'get /api/v1/conversations/:id': EVERYONE,
  'delete /api/v1/conversations/:id': EVERYONE,
  'get /api/v1/conversations/:id/messages': EVERYONE,
  'post /api/v1/conversations/:id/messages': EVERYONE,
  'get /api/v1/conversations/:id/messages/:messageId': EVERYONE,
  'get /api/v1/crews': EVERYONE,
  'get /api/v1/crews/:id': EVERYONE,
  'post /api/v1/crews/:id/runs': MANAGERS,
  'get /api/v1/crews/:id/schedules/:name': EVERYONE,
  'put /api/v1/crews/:id/schedules/:name': MANAGERS,
  'delete /api/v1/crews/:id/schedules/:name': MANAGERS,
  'post /api/v1/runs/:id/pause': EVERYONE,
  'post /api/v1/runs/:id/resume': EVERYONE,
  'post /api/v1/runs/:id/steer': EVERYONE,
  'post /api/v1/runs/:id/limits': EVERYONE,
  'post /api/v1/runs/:id/model': MANAGERS,
  'post /api/v1/runs/:id/cancel': EVERYONE,
  'get /api/v1/tool-calls': MANAGERS,
  'get /api/v1/budgets': EVERYONE,
  'put /api/v1/budgets/:subject': MANAGERS,
  'get /api/v1/models': EVERYONE,
  'get /api/v1/agents/:id/memory': EVERYONE,
  'delete /api/v1/agents/:id/memory/:factId': MANAGERS,
  'get /api/v1/mcp-servers': MANAGERS,
  'post /api/v1/mcp-servers': MANAGERS,
  'get /api/v1/mcp-servers/:id/tools': MANAGERS,
  'post /api/v1/mcp-servers/:id/pin': MANAGERS,
  'delete /api/v1/mcp-servers/:id': MANAGERS,
  'get /api/v1/model-keys': MANAGERS,
  'put /api/v1/model-keys/:service': MANAGERS,
  'delete /api/v1/model-keys/:service': MANAGERS,
  'post /api/v1/model-keys/:service/test': MANAGERS,
  'get /api/v1/secrets': MANAGERS,
  'put /api/v1/secrets/:name': MANAGERS,
  'delete /api/v1/secrets/:name': MANAGERS,
  'post /api/v1/secrets/:name/destroy': MANAGERS,
  'get /api/v1/secrets/migration': PLATFORM,
  'post /api/v1/secrets/migration': PLATFORM,
  'post /api/v1/secrets/migration/confirm': PLATFORM,
  'get /api/v1/webhook-endpoints': MANAGERS,
  'post /api/v1/webhook-endpoints': MANAGERS,
  'put /api/v1/webhook-endpoints/:id/secret': MANAGERS,
  'post /api/v1/webhook-endpoints/:id/enable': MANAGERS,
  'post /api/v1/webhook-endpoints/:id/disable': MANAGERS,
  'get /api/v1/webhook-endpoints/:id/events': MANAGERS,
  'delete /api/v1/webhook-endpoints/:id': MANAGERS,
};

interface Side {
  tenantId: TenantId;
  wordpress: string;
  hubspot: string;
  approval: string;
  operation: string;
  session: string;
  rotation: string;
  sync: string;
  run: RunId;
}

let database: TestDatabase;
let stores: Stores;
let api: TestApi;
/** Of the newest link to an approval: each works once. */
let linkToken = '';
let own: Side;
let other: Side;
const people = {} as Record<Role, Principal>;

const NOW = new Date().toISOString();
const nothingStarts = new Fault('unavailable', 'nothing is started here');

/** Temporal without a single workflow: whatever is asked of one is refused after every check of ours. */
const emptyTemporal = {
  workflow: {
    withDeadline: (_: number, call: () => unknown) => call(),
    start: () => Promise.reject(nothingStarts),
    execute: () => Promise.reject(nothingStarts),
    startUpdateWithStart: () => Promise.reject(nothingStarts),
    getHandle: (id: string) => {
      const gone = () => Promise.reject(new WorkflowNotFoundError('gone', id, undefined));
      return { startUpdate: gone, cancel: gone, describe: gone };
    },
  },
} as unknown as ApiDeps['temporal'];

const side = async (): Promise<Side> => {
  const tenantId = await aTenant(stores);
  const sync = [{ stream: 'posts', sink: 'knowledge' as const }];
  const [wordpress, hubspot] = [
    await aConnection(stores, tenantId, { sync }),
    await aConnection(stores, tenantId, { connectorId: 'hubspot' }),
  ];
  const operation = OperationId.parse(randomUUID());
  const userId = await stores.identity.ensureUser(Email.parse('starter@acme.test'));
  await stores.operations.begin({
    id: operation,
    scope: tenantId,
    workflowId: `syncStream:${tenantId}:x`,
    kind: 'syncStream',
    startedBy: userId,
    idempotencyKey: null,
  });
  const approval = ApprovalId.parse(randomUUID());
  const content = await stores.content.put(tenantId, { report: 'x', proposedPost: { title: 't', content: 'c' } });
  await stores.approvals.open({
    id: approval,
    tenantId,
    operationId: operation,
    connectionId: null,
    workflowId: `approval:${tenantId}:${approval}`,
    kind: 'decision',
    requestedBy: null,
    subject: 'Publish',
    contentId: content.id,
    contentHash: 'hash',
    policy: { roles: [...ROLES], remindAfterMs: 1000, deadlineMs: 1000, onDeadline: 'reject' },
    deadlineAt: new Date(Date.now() + 60_000).toISOString(),
  });
  const session = randomUUID();
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  const wanted = { id: session, tenantId, createdBy: userId, connectors: [], connectionId: null, expiresAt };
  await stores.connectSessions.create(wanted, sha256(`link of ${session}`));
  await stores.connectSessions.claim(sha256(`link of ${session}`), sha256(session));
  const rotation = randomUUID();
  const target = { scope: tenantId, secretClass: 'vendor_api_key' as const, subject: 'sendgrid' };
  const at = { step: 'asking' as const, outcome: 'running' as const, message: null, operationId: null };
  await stores.rotations.record({ ...target, rotationId: rotation }, at);
  const run = RunId.parse(randomUUID());
  const ref = { tenantId, connectionId: wordpress, stream: 'posts' };
  await stores.syncs.begin(ref, run, { mode: 'full', reachMs: null, complete: true, workflowId: 'syncStream:x' });
  await stores.syncs.commitPage(ref, run, null, {
    ...{ seen: [], quarantined: [{ externalId: '7', reason: 'title: is missing' }], unnamed: 0, cursor: null },
    ...{ highWater: null, fields: [] },
    counts: { read: 1, delivered: 0, unchanged: 0, bytes: 1, calls: 1, throttled: 0 },
  });
  return {
    tenantId,
    wordpress,
    hubspot,
    approval,
    operation,
    session,
    rotation,
    sync: run,
    run: RunId.parse(randomUUID()),
  };
};

beforeAll(async () => {
  database = await freshDatabase();
  stores = postgresStores(database.db);
  const workflows = {
    health: async () => undefined,
    listSyncSchedules: async () => [],
    listDependants: async () => [],
    listRotationSchedules: async () => [],
    ensureRotationSchedule: async () => undefined,
    ensureCrewSchedule: async () => undefined,
    deleteCrewSchedule: async () => undefined,
    crewSchedule: async () => ({ everyMs: 3_600_000, paused: false, nextAt: null, skipped: 0 }),
  };
  const secrets = {
    health: async () => undefined,
    read: async () => null,
    describe: async (path: string) => ({
      path,
      versions: [{ version: 1, state: 'held', meta: { class: 'credential', createdBy: 'test', createdAt: NOW } }],
    }),
    list: async () => [],
    put: async () => 1,
    destroy: async () => undefined,
    destroyVersions: async () => undefined,
  };
  const http = { request: () => Promise.reject(new Fault('provider_down', 'nobody is there')) };
  const connectors = createConnectors({ http, connections: stores.connections, secrets, workflows } as never);
  const staging = { stage: async () => ({ staged: 'x' }), discard: async () => undefined };
  const oauth = { begin: async () => ({ url: 'https://vendor.test/', proof: { verifier: 'v' } }) };
  const rotation = {
    targets: async (scope: string) => [{ scope, secretClass: 'vendor_api_key', subject: 'sendgrid', since: NOW }],
    plan: async () => ({ by: 'platform', ask: null }),
  };
  const webhooks = { info: () => ({ secret: 'endpoint', verifyToken: false, accountSetting: null, setUp: 'Do so.' }) };
  const categories = createCategories({ connectors, connections: stores.connections });
  const ports = {
    ...stores,
    workflows,
    secrets,
    connectors,
    categories,
    staging,
    oauth,
    rotation,
    webhooks,
    budgets: unlimited,
    llm: {
      info: (ref: object) => ({ ref }),
      models: () => [],
      default: () => ({ provider: 'openai', model: 'm' }),
      keyState: async () => 'platform',
    },
    tokenStream: postgresTokenStream(database.db),
    mcp: { listTools: async () => [] },
    hash: sha256,
    receipts: { sign: async () => 'a.b.c', keys: async () => ({ keys: [] }) },
  } as unknown as ApiDeps['ports'];
  api = await openApi({ ports, temporal: emptyTemporal, catalogue });
  own = await side();
  other = await side();
  for (const role of ROLES) {
    const email = Email.parse(`${role}@acme.test`);
    const isPlatform = role === 'platform_admin' || role === 'super_admin';
    const userId = isPlatform
      ? await seedPlatformRole(database.db, email, role)
      : await stores.identity.addMembership(own.tenantId, email, role);
    people[role] = { userId, email, role, tenantId: isPlatform ? null : own.tenantId };
  }
  // Runs of the least of all roles: others see them because of theirs, and nobody sees those of another tenant.
  for (const { tenantId, run } of [own, other]) {
    await stores.agentRuns.begin(tenantId, {
      ...{ runId: run, kind: 'agent', subject: 'ReportGenerator', parentRunId: null, operationId: null, version: 1 },
      ...{ sandbox: false, startedBy: people.tenant_user.userId, pin: null },
      limits: { steps: 1, toolCalls: 0, tokens: 1, micros: 0 },
    });
    await stores.agentRuns.end({ tenantId, runId: run }, { state: 'completed', error: null, replyId: null });
  }
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
});

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

const objectOf = (path: string, at: Side): string => {
  if (path.includes('/tenants/')) return at.tenantId;
  if (path.includes('/approvals/')) return at.approval;
  if (path.includes('/operations/')) return at.operation;
  if (path.includes('/connect-sessions/')) return at.session;
  if (path.includes('/rotations/')) return at.rotation;
  if (path.includes('/syncs/:id')) return at.sync;
  if (path.includes('/agents/')) return 'ReportGenerator';
  if (path.includes('/crews/')) return 'OnboardingCrew';
  if (path.includes('/runs/')) return at.run;
  return at.wordpress;
};

const bodyOf = (path: string, at: Side): unknown => {
  if (path.endsWith('/runs/:id/limits')) return { steps: 1 };
  if (path.endsWith('/limits')) return { limits: [] };
  if (path.endsWith('/chat') || path.endsWith('/messages')) return { text: 'Hello' };
  if (path.endsWith('/schedules/:name')) return { everyMinutes: 60 };
  if (path.endsWith('/steer')) return { text: 'Shorter.' };
  if (path.endsWith('/model')) return { provider: 'openai', model: 'm' };
  if (path.endsWith('/config')) return { ...agentSettings(), version: 1 };
  if (path.endsWith('/budgets/:subject')) return { limitMicros: 1 };
  if (path.endsWith('/connections')) return { connectorId: 'wordpress', new: true };
  if (path.endsWith('/connections/:id/sync')) return { sync: [{ stream: 'posts', sink: 'store' }] };
  if (path.endsWith('/quarantine/retry')) return { connectionId: at.wordpress, stream: 'posts' };
  if (path.endsWith('/notification-channels')) return { kind: 'email', title: 'All of us' };
  if (path.endsWith('/connect-session/authorize')) return { connectorId: 'hubspot' };
  if (path.endsWith('/connect-session/claim')) return { token: 'x' };
  if (path.endsWith('/oauth/apps/:connector')) {
    return { clientId: 'c', clientSecret: 's', redirectUris: ['https://api.test/api/v1/oauth/callback/hubspot'] };
  }
  if (path.endsWith('/webhook-endpoints')) return { connection: at.hubspot };
  if (path.endsWith('/webhook-endpoints/:id/secret')) return { secret: 'whsec_canary' };
  if (path.endsWith('/tenants')) return { name: 'New', slug: 'new-one', ownerEmail: 'o@new.test' };
  if (path.endsWith('/connect')) {
    const fields = { site_url: 'https://site.test', username: 'u', application_password: 'p' };
    return path.includes('/connect-session/') ? { connectorId: 'wordpress', fields } : { fields };
  }
  if (path.includes('/oauth/authorize')) return { connectionId: at.hubspot };
  if (path.includes('/oauth/callback')) return { state: 'forged', code: 'code' };
  if (path.endsWith('/rotations')) return { secretClass: 'vendor_api_key', subject: 'sendgrid' };
  if (path.endsWith('/successor')) return { fields: { api_key: 'k' } };
  if (path.endsWith('/policies/:class')) return { everyDays: 90, overlapHours: 24, asks: 'tenant', enabled: true };
  if (path.endsWith('/model-keys/:service')) return { apiKey: 'k' };
  if (path.endsWith('/mcp-servers')) return { name: `s_${randomUUID().slice(0, 8)}`, url: 'https://mcp.test/mcp' };
  if (path.endsWith('/pin')) return { toolsHash: toolsHashOf(sha256, []) };
  if (path.endsWith('/approvals/links')) return { token: linkToken };
  if (path.endsWith('/delegate')) return { to: `tenant_user@acme.test` };
  if (path.endsWith('/decisions')) return { kind: 'approve', contentHash: 'hash' };
  return {};
};

/** What a request may take away is there again before the next one. */
const thingOf = async (path: string, at: Side, as: Principal | string | undefined): Promise<string> => {
  if (path.includes('/conversations/:id')) {
    const id = RunId.parse(randomUUID());
    // Everybody's are their own.
    const { userId } = typeof as === 'object' ? as : people.tenant_user;
    await stores.conversations.open(at.tenantId, { id, agentId: 'ReportGenerator', userId, title: 't' });
    const said = { messageId: 'm', role: 'user', content: 'Hello', saidInto: null, step: null } as const;
    await stores.conversations.say(at.tenantId, id, { ...said, state: null, error: null });
    return id;
  }
  if (path.endsWith('/approvals/links')) {
    linkToken = randomBytes(32).toString('base64url');
    const inAMinute = new Date(Date.now() + 60_000).toISOString();
    await stores.approvals.putLink(at.tenantId, ApprovalId.parse(at.approval), sha256(linkToken), inAMinute);
  }
  if (path.includes('/oauth/apps/')) {
    const redirectUris = ['https://api.test/api/v1/oauth/callback/hubspot'];
    await stores.oauthApps.put({
      connectorId: 'hubspot',
      clientId: 'c',
      redirectUris,
      scopes: null,
      enabled: true,
      secretVersion: 1,
    });
  }
  if (path.includes('/mcp-servers')) {
    for (const { id } of await stores.mcpServers.list(at.tenantId)) await stores.mcpServers.remove(at.tenantId, id);
    const server = {
      id: randomUUID(),
      name: 'desk',
      url: 'https://mcp.test',
      included: null,
      tools: [],
      vaultPath: null,
    };
    return (await stores.mcpServers.put(at.tenantId, { ...server, toolsHash: toolsHashOf(sha256, []) })).id;
  }
  if (path.includes('/webhook-endpoints/')) {
    for (const { id } of await stores.webhookInbox.list(at.tenantId)) await stores.webhookInbox.remove(at.tenantId, id);
    const connectionId = ConnectionId.parse(at.hubspot);
    const wanted = { id: randomUUID(), connectorId: 'hubspot', connectionId, accountId: null };
    return (await stores.webhookInbox.create(at.tenantId, wanted)).id;
  }
  if (path.includes('/model-keys/')) {
    const key = { service: 'openai' as const, vaultPath: 'p', version: 1, addedBy: people.tenant_admin.userId };
    await stores.modelKeys.put(at.tenantId, key);
  }
  if (!path.includes('/notification-channels/')) return objectOf(path, at);
  for (const { id } of await stores.channels.list(at.tenantId)) await stores.channels.remove(at.tenantId, id);
  return (await stores.channels.add(at.tenantId, { id: randomUUID(), kind: 'email', title: 'All of us' })).id;
};

/** One request to a route about the things of one side. Streams are left once they answered. */
const knock = async (
  route: Route,
  at: Side,
  as: Principal | string | undefined,
  headers: Record<string, string> = {},
) => {
  const isCatalogue = /^\/api\/v1\/connectors\/:id(\/limits|\/usage)?$/.test(route.path);
  const path = route.path
    .replace(':id', isCatalogue ? 'wordpress' : await thingOf(route.path, at, as))
    .replace(':connector', 'hubspot')
    .replace(':class', 'vendor_api_key')
    .replace(':service', 'openai')
    .replace(':subject', 'tenant')
    .replace(':category', 'cms')
    .replace(':resource', 'posts')
    .replace(':itemId', '1')
    .replace(':messageId', 'm')
    .replace(':factId', randomUUID())
    .replace(':name', 'weekly');
  const leave = new AbortController();
  const response = await fetch(`${api.url}${path}`, {
    method: route.method.toUpperCase(),
    signal: leave.signal,
    headers: {
      'Content-Type': 'application/json',
      ...(as ? { Authorization: `Bearer ${typeof as === 'string' ? as : await api.token(as)}` } : {}),
      ...headers,
    },
    ...(takesBody(route) ? { body: JSON.stringify(bodyOf(route.path, at)) } : {}),
  });
  const text = route.path.endsWith('/events') && response.ok ? '' : await response.text();
  leave.abort();
  return { status: response.status, text };
};

const inTenant = (role: Role, tenantId: string) =>
  role === 'platform_admin' || role === 'super_admin' ? { 'X-Tenant-Id': tenantId } : {};
const isTenantRole = (role: Role) => role === 'tenant_user' || role === 'tenant_admin';
/** Routes about one thing of a tenant, named by the path or, for the authorization, by the body. */
const isAboutOne = ({ path, within }: Route) =>
  (within === 'tenant' || within === 'scope' || path.endsWith('/tenants/:id')) &&
  /:(id|connector)/.test(path) &&
  // An agent's or a crew's id is its name, the same for all tenants.
  !path.startsWith('/api/v1/agents/:id') &&
  !path.startsWith('/api/v1/crews/:id') &&
  !path.includes('/oauth/callback');
const isForRoles = ({ may }: Route) => may !== 'public' && may !== 'connectSession';

describe('C58: the matrix of roles, routes and tenants', () => {
  test('every route is in the table, and the table names no other', () => {
    expect(api.routes.map(nameOf).sort()).toEqual(Object.keys(WHO).sort());
  });

  test('without a token, and with one that we did not issue, only public routes answer', async () => {
    for (const route of api.routes.filter(({ may }) => may !== 'public')) {
      expect([nameOf(route), (await knock(route, own, undefined)).status]).toEqual([nameOf(route), 401]);
    }
    expect((await api.get('/api/v1/me', { as: 'eyJhbGciOiJub25lIn0.e30.' })).status).toBe(401);
  });

  test.each(ROLES)('a %s may call what the table allows, on its own tenant, and nothing else', async (role) => {
    for (const route of api.routes.filter(isForRoles)) {
      const { status, text } = await knock(route, own, people[role], inTenant(role, own.tenantId));
      const told = `${nameOf(route)} ${status} ${text}`;
      if (WHO[nameOf(route)]?.includes(role)) expect([401, 403, 404, 500].includes(status) ? told : '').toBe('');
      else expect(status === 403 ? '' : told).toBe('');
    }
  });

  test('the token of a connect session opens its own four routes, and no login opens those', async () => {
    const token = own.session;
    const sessionRoutes = api.routes.filter(({ may }) => may === 'connectSession');
    expect(sessionRoutes.map(nameOf)).toHaveLength(4);
    for (const route of sessionRoutes) {
      const { status, text } = await knock(route, own, token);
      expect([401, 403, 404, 500].includes(status) ? `${nameOf(route)} ${status} ${text}` : '').toBe('');
      for (const role of ROLES) {
        const asRole = await knock(route, own, people[role], inTenant(role, own.tenantId));
        expect([nameOf(route), role, asRole.status]).toEqual([nameOf(route), role, 401]);
      }
    }
    for (const route of api.routes.filter(isForRoles)) {
      const { status } = await knock(route, own, token, { 'X-Tenant-Id': own.tenantId });
      expect([nameOf(route), status]).toEqual([nameOf(route), 401]);
    }
  });

  test('what belongs to a session belongs to its tenant, whatever the request says', async () => {
    const { text } = await api.get('/api/v1/connect-session', {
      as: own.session,
      headers: { 'X-Tenant-Id': other.tenantId },
    });
    expect(JSON.parse(text)).toMatchObject({ id: own.session });
    expect(text).not.toContain(other.tenantId);
  });

  test.each(ROLES)('for a %s, a thing of another tenant is not there', async (role) => {
    for (const route of api.routes.filter(isAboutOne)) {
      if (!WHO[nameOf(route)]?.includes(role)) continue;
      if (route.path.endsWith('/tenants/:id') && !isTenantRole(role)) continue;
      const { status, text } = await knock(route, other, people[role], inTenant(role, own.tenantId));
      expect(status === 404 ? '' : `${nameOf(route)} ${status} ${text}`).toBe('');
    }
  });

  test('a tenant role that names another tenant finds nothing, and its lists hold its own things only', async () => {
    for (const role of ROLES.filter(isTenantRole)) {
      for (const route of api.routes.filter(({ within }) => within === 'tenant' || within === 'scope')) {
        if (!WHO[nameOf(route)]?.includes(role)) continue;
        const { status } = await knock(route, other, people[role], { 'X-Tenant-Id': other.tenantId });
        expect([nameOf(route), status]).toEqual([nameOf(route), 404]);
      }
      for (const list of [
        'connections',
        'approvals',
        'operations',
        'syncs',
        'notifications',
        'runs',
        'agents',
        'budgets',
      ]) {
        const { text } = await api.get(`/api/v1/${list}`, { as: people[role] });
        expect(text).not.toMatch(new RegExp([other.wordpress, other.approval, other.operation, other.run].join('|')));
      }
    }
  });

  test('a platform role says which tenant it acts in, and one that does not exist is a 404', async () => {
    for (const route of api.routes.filter(({ within }) => within === 'tenant')) {
      const { status, text } = await knock(route, own, people.super_admin);
      expect([nameOf(route), status]).toEqual([nameOf(route), 400]);
      expect(text).toContain('X-Tenant-Id');
    }
    const nowhere = await api.get('/api/v1/connections', {
      as: people.super_admin,
      headers: { 'X-Tenant-Id': randomUUID() },
    });
    expect(nowhere.status).toBe(404);
    const nonsense = await api.get('/api/v1/connections', {
      as: people.super_admin,
      headers: { 'X-Tenant-Id': "x' OR 1=1" },
    });
    expect(nonsense.status).toBe(400);
  });

  test('C63: a body that names a tenant, a role or a state is refused, never applied', async () => {
    for (const extra of [{ tenantId: other.tenantId }, { role: 'super_admin' }, { state: 'active' }]) {
      const { status, json } = await api.post('/api/v1/tenants', {
        as: people.platform_admin,
        body: { ...(bodyOf('/tenants', own) as object), ...extra },
      });
      expect([status, json.errors]).toMatchObject([400, [{ path: Object.keys(extra)[0] }]]);
    }
  });

  test('C65: a role that was taken back is refused with the next request, though its token lives', async () => {
    const email = Email.parse('leaver@acme.test');
    const tenantId = await aTenant(stores);
    const userId = await stores.identity.addMembership(tenantId, email, 'tenant_admin');
    const token = await api.token({ userId, email, role: 'tenant_admin', tenantId });
    expect((await api.get('/api/v1/me', { as: token })).status).toBe(200);
    await stores.identity.removeMemberships(tenantId);
    expect((await api.get('/api/v1/me', { as: token })).status).toBe(401);
  });

  test('an approval is decided by the roles that its policy names, whatever the route allows', async () => {
    const id = ApprovalId.parse(randomUUID());
    const content = await stores.content.put(own.tenantId, { proposedPost: { title: 't', content: 'c' } });
    await stores.approvals.open({
      id,
      tenantId: own.tenantId,
      operationId: null,
      connectionId: null,
      workflowId: `approval:${own.tenantId}:${id}`,
      kind: 'decision',
      requestedBy: null,
      subject: 'Publish',
      contentId: content.id,
      contentHash: content.sha256,
      policy: { roles: ['tenant_admin'], remindAfterMs: 1000, deadlineMs: 1000, onDeadline: 'reject' },
      deadlineAt: new Date(Date.now() + 60_000).toISOString(),
    });
    const decide = (role: Role, contentHash: string) =>
      api.post(`/api/v1/approvals/${id}/decisions`, {
        as: people[role],
        body: { kind: 'approve', contentHash },
        headers: inTenant(role, own.tenantId),
      });
    for (const role of ['tenant_user', 'platform_admin', 'super_admin'] as const) {
      expect((await decide(role, content.sha256)).status).toBe(403);
    }
    const stale = await decide('tenant_admin', 'another');
    expect([stale.status, stale.json.code]).toEqual([409, 'approval_stale']);
    // The workflow of this approval has ended.
    const late = await decide('tenant_admin', content.sha256);
    expect([late.status, late.json.code]).toEqual([409, 'approval_closed']);
  });
});
