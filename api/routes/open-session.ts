import { z } from 'zod';
import { ConnectSession } from '../../ports/connect-sessions.ts';
import type { Connection } from '../../ports/connections.ts';
import { ConnectorInfo } from '../../ports/connector-info.ts';
import { Fault } from '../../ports/errors.ts';
import { UserId } from '../../ports/ids.ts';
import { checkedFields, Connect, connectByFields } from '../connect.ts';
import { ConnectionStatus, statusOf } from '../connection-info.ts';
import type { ApiDeps } from '../deps.ts';
import { ensureConnection } from '../ensure-connection.ts';
import { beginAuthorization } from '../oauth/begin.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { Begun } from './oauth.ts';

/** What a connect page may know. Of the tenant just its name. */
const SessionView = z
  .strictObject({
    id: z.uuid(),
    tenantName: z.string(),
    state: ConnectSession.shape.state,
    connectors: z.array(ConnectorInfo.pick({ id: true, title: true, category: true, auth: true, docs: true })),
    isReconnect: z.boolean(),
    expiresAt: z.iso.datetime(),
    portalOrigins: z.array(z.string()).meta({ description: 'Sites that may embed the page and are told how it ends.' }),
  })
  .meta({ id: 'ConnectSessionView' });

const Outcome = z
  .strictObject({ state: ConnectSession.shape.state, connection: ConnectionStatus.nullable() })
  .meta({ id: 'ConnectSessionOutcome' });

const SessionConnect = Connect.extend({ connectorId: z.string().max(60) }).meta({ id: 'SessionConnect' });
type Wish = z.infer<typeof SessionConnect>;

/** Whoever made the link answers for what is connected by it. */
const actorOf = ({ createdBy }: ConnectSession) => UserId.parse(createdBy);

const pickable = async (deps: ApiDeps, session: ConnectSession): Promise<ConnectorInfo[]> => {
  const { tenantId, connectionId, connectors } = session;
  if (connectionId !== null) {
    const { connectorId } = await deps.ports.connections.get(tenantId, connectionId);
    return [deps.ports.connectors.info(connectorId)];
  }
  const all = deps.ports.connectors.list();
  return connectors.length === 0 ? all : all.filter(({ id }) => connectors.includes(id));
};

/** The connection that this session may connect, and no other. */
const connectionOf = async (
  deps: ApiDeps,
  session: ConnectSession,
  wish: Wish,
  flow: 'form' | 'redirect',
): Promise<Connection> => {
  if (session.state === 'connected') {
    throw new Fault('conflict', 'This link has done its work; ask for a new one to connect more.');
  }
  if (!(await pickable(deps, session)).some(({ id }) => id === wish.connectorId)) {
    throw new Fault('forbidden', 'This link is not for that system.', {
      fields: [{ path: 'connectorId', message: 'is not one of this link’s' }],
    });
  }
  const refuse = () => void checkedFields(deps, wish.connectorId, wish, flow);
  return ensureConnection(deps, session.tenantId, session.connectionId ?? wish.connectorId, refuse);
};

export const openSessionRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/connect-session',
    summary: 'What this session is for',
    may: 'connectSession',
    within: 'session',
    reply: { status: 200, schema: SessionView },
    async handle({ session }) {
      const { name } = await deps.ports.tenants.get(session.tenantId);
      const connectors = await pickable(deps, session);
      return {
        id: session.id,
        tenantName: name,
        state: session.state,
        connectors: connectors.map(({ id, title, category, auth, docs }) => ({ id, title, category, auth, docs })),
        isReconnect: session.connectionId !== null,
        expiresAt: session.expiresAt,
        portalOrigins: deps.settings.portalOrigins,
      };
    },
  }),
  route({
    method: 'get',
    path: '/connect-session/status',
    summary: 'What came of this session',
    may: 'connectSession',
    within: 'session',
    reply: { status: 200, schema: Outcome },
    async handle({ session: { tenantId, state, connectedId } }) {
      const connection = connectedId === null ? null : await deps.ports.connections.get(tenantId, connectedId);
      return { state, connection: connection === null ? null : statusOf(connection) };
    },
  }),
  route({
    method: 'post',
    path: '/connect-session/connect',
    summary: 'Connect by credential: tested against the system before it is kept',
    may: 'connectSession',
    within: 'session',
    body: SessionConnect,
    reply: { status: 200, schema: ConnectionStatus },
    async handle({ session, body }) {
      const connection = await connectionOf(deps, session, body, 'form');
      await connectByFields(deps, connection, body, { actor: actorOf(session), onceKey: null });
      await deps.ports.connectSessions.settle(session.tenantId, session.id, connection.id);
      return statusOf(await deps.ports.connections.get(session.tenantId, connection.id));
    },
  }),
  route({
    method: 'post',
    path: '/connect-session/authorize',
    summary: 'Begin an authorization at the vendor’s; the browser comes back to the connect page',
    may: 'connectSession',
    within: 'session',
    body: SessionConnect,
    reply: { status: 200, schema: Begun },
    async handle({ session, body, ctx }) {
      const connection = await connectionOf(deps, session, body, 'redirect');
      return beginAuthorization(deps, ctx, connection, {
        method: body.method,
        fields: body.fields,
        acceptOtherAccount: body.acceptOtherAccount,
        userId: actorOf(session),
        returnTo: '/connect/',
        sessionId: session.id,
      });
    },
  }),
];
