import { randomUUID } from 'node:crypto';
import type { AgentTask } from '../../activities/agents/terms.ts';
import { catalogue } from '../../agents/index.ts';
import { RunId, UserId } from '../../ports/ids.ts';
import type { ConnectionId, Email, TenantId } from '../../ports/ids.ts';
import { connectorWriteId, QUEUES, runCrewId, syncStreamId } from '../../ports/operations.ts';
import type { SyncMode } from '../../ports/syncs.ts';
import type { SinkKind, StreamChoice } from '../../ports/tenants.ts';
import { connectorWrite } from '../../workflows/connector-write.ts';
import { runCrew } from '../../workflows/run-crew.ts';
import { syncStream } from '../../workflows/sync-stream.ts';
import { aTenantWith, startAgent } from '../testing/agents.ts';
import { aConnectedSite } from '../testing/connected-site.ts';
import type { Ground } from '../testing/ground.ts';

/** These tools are used unasked. */
const AUTO = { cms_write: { kind: 'auto' as const }, http_request: { kind: 'auto' as const } };

/** What the owner may have synced by the API. */
const CHOSEN: StreamChoice[] = [
  { stream: 'posts', sink: 'knowledge' },
  { stream: 'media', sink: 'store' },
];

interface Options {
  posts: number;
  media?: number;
  /** The model that this tenant's agents use: paid calls are told apart by it. */
  model?: string;
}

/** A tenant with a connected site of its own, and the work that can be given to the workers there. */
export async function aWorkplace(ground: Ground, name: string, { model = 'gpt-4o-mini', ...size }: Options) {
  const { client, ports, emulator } = ground;
  const { tenantId, connectionId, site } = await aConnectedSite(ground, name, size, CHOSEN);
  await aTenantWith(ports, catalogue, tenantId, { model, consents: AUTO });
  const taskQueue = QUEUES.operations;
  const listOf = (stream: string) => `/wordpress/${name}/wp-json/wp/v2/${stream}`;

  return {
    tenantId,
    connectionId,
    site,
    listOf,
    /** Where each page that was asked for began, in the order of the requests. */
    pagesAsked: (stream: string) =>
      emulator.control
        .requests({ method: 'GET', path: listOf(stream) })
        .map(({ path }) => Number(new URL(path, emulator.url).searchParams.get('offset'))),
    /** Stops the `nth` page on its way, until the emulator's faults are released. */
    holdPage: (stream: string, nth: number) =>
      emulator.control.fault({ match: { method: 'GET', path: listOf(stream) }, kind: 'hold', skip: nth - 1 }),
    modelCalls: () => emulator.control.openai.requests().filter((body) => body['model'] === model).length,

    sync: async (stream: string, sink: SinkKind, mode: SyncMode = 'full') => {
      const runId = RunId.parse(randomUUID());
      const ref = { tenantId, connectionId, stream };
      const run = await client.workflow.start(syncStream, {
        taskQueue,
        workflowId: syncStreamId(tenantId, connectionId, stream),
        args: [{ ...ref, connectorId: 'wordpress', sink, mode, operationId: null, runId }],
      });
      return { ref, runId, run };
    },
    crew: () => {
      const runId = RunId.parse(randomUUID());
      return client.workflow.start(runCrew, {
        taskQueue,
        workflowId: runCrewId(tenantId, runId),
        args: [{ tenantId, runId, crewId: 'OnboardingCrew', startedBy: UserId.parse(randomUUID()) }],
      });
    },
    /** An agent of the house plays this script. */
    agent: (script: string, more: Partial<AgentTask> = {}) =>
      startAgent(ground, tenantId, script, { agentId: 'ContentCreator', ...more }),
    write: async (effectKey: string) => {
      const content = await ports.content.put(tenantId, { title: 'A first post', content: '<p>Fresh bread</p>' });
      const action = { kind: 'create', contentId: content.id } as const;
      return client.workflow.start(connectorWrite, {
        taskQueue,
        workflowId: connectorWriteId(tenantId, effectKey),
        args: [{ tenantId, connectionId, stream: 'posts', effectKey, action }],
      });
    },
  };
}

export type Workplace = Awaited<ReturnType<typeof aWorkplace>>;

/** An owner of the tenant who may log in. */
export async function anOwner({ ports }: Ground, tenantId: TenantId): Promise<string> {
  const email = `owner@${tenantId}.example`;
  await ports.identity.addMembership(tenantId, email as Email, 'tenant_admin');
  return email;
}

/** Every record of this connection in the tenant's own store, by key; a key twice is there twice. */
export async function recordsStored(
  { ports }: Ground,
  tenantId: TenantId,
  connectionId: ConnectionId,
): Promise<string[]> {
  const files = await ports.objects.list(tenantId, `connections/${connectionId}/`);
  const texts = await Promise.all(files.map((file) => ports.objects.get(tenantId, file)));
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { key: string }).key);
}
