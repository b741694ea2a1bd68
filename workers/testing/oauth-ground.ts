import { expect } from '@jest/globals';
import { aConnection, aTenant } from '../../adapters/postgres/testing-data.ts';
import type { ConnectionId, PLATFORM, TenantId } from '../../ports/ids.ts';
import { Email } from '../../ports/ids.ts';
import type { Principal, Role } from '../../ports/identity.ts';
import { connectionWorkflowId, QUEUES } from '../../ports/operations.ts';
import { connectionSecretPath } from '../../ports/secrets.ts';
import { connection } from '../../workflows/connection.ts';
import { openGround } from './ground.ts';
import type { Ground, GroundOptions } from './ground.ts';
import type { ApiSettings, Log } from '../../api/deps.ts';
import { openApi } from '../../api/testing.ts';
import type { Asked, TestApi, Told } from '../../api/testing.ts';

export const PUBLIC_URL = 'http://127.0.0.1:3000';
export const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
export const JSON_ONLY = { Accept: 'application/json' };
export const TOKEN_PATH = '/hubspot/oauth/2026-03/token';

export interface Begun {
  authorizeUrl: URL;
  state: string;
  /** What the browser keeps of the answer. */
  cookie: string;
  told: Told;
}

/** What a vendor's page sends the browser back with, and to which of our paths. */
export interface Redirect {
  path: string;
  query: URLSearchParams;
}

/** A deployment with its API, and two tenants whose people connect HubSpot. */
export interface OAuthGround extends AsyncDisposable {
  ground: Ground;
  api: TestApi;
  tenantId: TenantId;
  admin: Principal;
  colleague: Principal;
  stranger: Principal;
  member: (at: TenantId, name: string, role?: Role) => Promise<Principal>;
  openConnection: (connectorId: string, at?: TenantId) => Promise<ConnectionId>;
  begin: (connectionId: ConnectionId, asked?: Asked) => Promise<Begun>;
  /** The vendor's page, decided by a person. */
  consent: (begun: Pick<Begun, 'authorizeUrl'>, choice?: Record<string, string>) => Promise<Redirect>;
  comeBack: (redirect: Redirect, cookie: string, accept?: Record<string, string>) => Promise<Told>;
  tokenRequests: () => unknown[];
  secretOf: (id: ConnectionId, at?: TenantId) => ReturnType<Ground['ports']['secrets']['read']>;
  auditOf: (scope: TenantId | typeof PLATFORM) => Promise<string[]>;
}

export const redirectOf = (location: string | null): Redirect => {
  const target = new URL(location ?? '');
  expect(target.origin).toBe(PUBLIC_URL);
  return { path: target.pathname, query: target.searchParams };
};

/** What the vendor's own page would send when its form is submitted: what was asked, and what the person chose. */
export const submitConsent = async (authorizeUrl: URL, choice: Record<string, string> = {}): Promise<Redirect> => {
  const answer = await fetch(authorizeUrl, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...Object.fromEntries(authorizeUrl.searchParams), decision: 'approve', ...choice }),
  });
  return redirectOf(answer.headers.get('location'));
};

export const openOAuthGround = async ({
  settings = {},
  log,
  ...options
}: GroundOptions & { settings?: Partial<ApiSettings>; log?: Log } = {}): Promise<OAuthGround> => {
  const ground = await openGround(options);
  await ground.worker.start();
  const { ports, client } = ground;
  const api = await openApi({
    ports,
    temporal: client,
    settings: { publicUrl: PUBLIC_URL, ...settings },
    ...(log === undefined ? {} : { log }),
  });
  const tenantId = await aTenant(ports);
  const member: OAuthGround['member'] = async (at, name, role = 'tenant_admin') => {
    const email = Email.parse(`${name}@acme.test`);
    return { userId: await ports.identity.addMembership(at, email, role), email, role, tenantId: at };
  };
  const admin = await member(tenantId, 'admin');
  return {
    ground,
    api,
    tenantId,
    admin,
    colleague: await member(tenantId, 'colleague'),
    stranger: await member(await aTenant(ports), 'stranger'),
    member,
    openConnection: async (connectorId, at = tenantId) => {
      const id = await aConnection(ports, at, { connectorId });
      await client.workflow.start(connection, {
        workflowId: connectionWorkflowId(at, id),
        taskQueue: QUEUES.operations,
        args: [{ tenantId: at, connectionId: id, connectorId, sync: [], notify: null }],
      });
      return id;
    },
    begin: async (connectionId, asked = {}) => {
      const told = await api.post('/api/v1/oauth/authorize/hubspot', { as: admin, body: { connectionId }, ...asked });
      expect([told.status, told.text]).toEqual([200, expect.stringContaining('authorizeUrl')]);
      const authorizeUrl = new URL(String(told.json.authorizeUrl));
      const cookie = (told.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
      return { authorizeUrl, state: authorizeUrl.searchParams.get('state') ?? '', cookie, told };
    },
    consent: ({ authorizeUrl }, choice) => submitConsent(authorizeUrl, choice),
    comeBack: ({ path, query }, cookie, accept = BROWSER) =>
      api.get(`${path}?${query.toString()}`, { headers: { ...accept, Cookie: cookie } }),
    tokenRequests: () => ground.emulator.control.requests({ method: 'POST', path: TOKEN_PATH }),
    secretOf: (id, at = tenantId) => ports.secrets.read(connectionSecretPath(at, id)),
    auditOf: async (scope) =>
      (await ports.audit.list(scope, { limit: 100 })).data.map(({ action, resourceId }) => `${action} ${resourceId}`),
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await ground.close();
    },
  };
};
