import { randomUUID } from 'node:crypto';
import { aConnection, aTenant } from '../../adapters/postgres/testing-data.ts';
import type { ConnectionView } from '../../activities/connections.ts';
import { UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import { connectionWorkflowId, QUEUES, syncStreamId } from '../../ports/operations.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { connectionSecretPath } from '../../ports/secrets.ts';
import {
  completeAuthorizationUpdate,
  connection,
  importGrantUpdate,
  statusQuery,
  submitCredentialsUpdate,
} from '../../workflows/connection.ts';
import type { Ground } from './ground.ts';
import { reaches } from './until.ts';

export const REDIRECT = 'http://127.0.0.1:3000/api/v1/oauth/callback';
export const PASSWORD = 'abcd EFGH ijkl MNOP qrst UVWX';
export const actor = UserId.parse(randomUUID());

type On = Pick<Ground, 'ports' | 'client' | 'emulator'>;
export type OpenedConnection = Awaited<ReturnType<typeof aRunningConnection>>;

/** What the form of an emulated site takes, split as the API splits it. */
export const siteFields = ({ ports, emulator }: Pick<On, 'ports' | 'emulator'>, site = 'demo', password = PASSWORD) => {
  const fields = { site_url: `${emulator.url}/wordpress/${site}`, username: 'owner', application_password: password };
  return ports.connectors.checkFields('wordpress', 'application_password', fields);
};

/** A connection that waits to be made, with its workflow and its stream's schedule. */
export const aRunningConnection = async (
  on: On,
  connectorId: 'wordpress' | 'hubspot' | 'mailchimp',
  { tenant, schedules = true }: { tenant?: TenantId; schedules?: boolean } = {},
) => {
  const { ports, client } = on;
  const tenantId = tenant ?? (await aTenant(ports));
  const sync = [{ stream: connectorId === 'wordpress' ? 'posts' : 'contacts', sink: 'store' as const }];
  const connectionId = await aConnection(ports, tenantId, { connectorId, sync });
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  const run = await client.workflow.start(connection, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ tenantId, connectionId, connectorId, sync, notify: null }],
  });
  // Without the run's id: it follows the connection from one run to the next.
  const handle = client.workflow.getHandle<typeof connection>(run.workflowId);
  const stage = (values: SecretValues) => ports.staging.stage(workflowId, values);
  if (schedules)
    await ports.workflows.ensureSyncSchedule(
      { tenantId, connectionId, stream: sync[0]?.stream ?? '' },
      { sink: 'store', connectorId, everyMs: 3_600_000 },
    );
  return {
    tenantId,
    connectionId,
    workflowId,
    handle,
    stage,
    status: () => handle.query(statusQuery),
    row: () => ports.connections.get(tenantId, connectionId),
    secret: () => ports.secrets.read(connectionSecretPath(tenantId, connectionId)),
    /** Of its schedules that are there, as Temporal says now: its lists are a moment late. */
    paused: async () => {
      const ids = sync.map(({ stream }) => syncStreamId(tenantId, connectionId, stream));
      const asked = await Promise.allSettled(ids.map((id) => client.schedule.getHandle(id).describe()));
      return asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.state.paused] : []));
    },
    becomes: (state: ConnectionView['state'], patience?: Parameters<typeof reaches>[3]) =>
      reaches<ConnectionView>(handle, statusQuery.name, (view) => view.state === state, patience),
  };
};

/** Enters a site's application password. */
export const submitSite = async (on: On, { handle, stage }: OpenedConnection, password = PASSWORD, site = 'demo') => {
  const { secret, settings } = siteFields(on, site, password);
  const given = { staged: await stage(secret), methodId: 'application_password', settings, actor };
  return handle.executeUpdate(submitCredentialsUpdate, { args: [given] });
};

/** Goes to the vendor as a browser would, and gives what the callback brought, staged. */
export const consentAtHubspot = async (
  { ports }: Pick<On, 'ports'>,
  { stage }: Pick<OpenedConnection, 'stage'>,
  choice: Record<string, string> = {},
) => {
  const state = randomUUID();
  const way = { connectorId: 'hubspot', methodId: 'oauth', settings: {} };
  const { url, proof } = await ports.oauth.begin(way, REDIRECT, state);
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ decision: 'approve', ...choice }),
  });
  const brought = Object.fromEntries(new URL(answer.headers.get('location') ?? '').searchParams);
  const values = { answer: JSON.stringify(brought), proof: JSON.stringify(proof), redirectUri: REDIRECT };
  return { staged: await stage(values), methodId: 'oauth', settings: {}, stateHash: state, actor };
};

export const authorizeHubspot = async (
  on: On,
  opened: OpenedConnection,
  choice: Record<string, string> = {},
  acceptOtherAccount = false,
) => {
  const given = { ...(await consentAtHubspot(on, opened, choice)), acceptOtherAccount };
  const view = await opened.handle.executeUpdate(completeAuthorizationUpdate, { args: [given] });
  return { given, view };
};

/** Brings a grant that was made elsewhere. */
export const importHubspot = async (on: On, opened: OpenedConnection, change: SecretValues = {}) => {
  const { accessToken, refreshToken, expiresAt } = on.emulator.control.oauth('hubspot').grant();
  const values = { access_token: accessToken, refresh_token: refreshToken ?? '', ...change };
  const given = { staged: await opened.stage(values), methodId: 'oauth', settings: {}, expiresAt, actor };
  return opened.handle.executeUpdate(importGrantUpdate, { args: [given] });
};
