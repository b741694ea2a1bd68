import type { Context } from 'koa';
import { z } from 'zod';
import type { ConnectSession } from '../ports/connect-sessions.ts';
import type { Principal } from '../ports/identity.ts';
import type { Scope, TenantId } from '../ports/ids.ts';
import type { Permission } from './access.ts';

/** Whose things a route touches, and what the call is therefore given. The tenant comes from the principal, never from a body. */
export interface Grants {
  nobody: unknown;
  /** The caller as such. */
  person: { principal: Principal };
  /** One tenant: the caller's own, or for platform roles the one that `X-Tenant-Id` names. */
  tenant: { principal: Principal; tenantId: TenantId };
  /** As `tenant`, but a platform role without the header means the platform itself. */
  scope: { principal: Principal; scope: Scope };
  /** One connect session, by its own token, which opens nothing else. */
  session: { session: ConnectSession };
}
export type Within = keyof Grants;
/** All that a call may be given, whichever the route. */
export type Granted = Grants['tenant'] & Grants['scope'] & Grants['session'];

export interface Call<Params, Query, Body> {
  params: Params;
  query: Query;
  body: Body;
  /** For response headers, cookies and streams. */
  ctx: Context;
  requestId: string;
  /** Names this request across its repetitions: from the caller, the route and the Idempotency-Key. Null without a key. */
  onceKey: string | null;
  /** Key of the file that a multipart body brought, in the tenant's object store. Null where there is none. */
  staged: string | null;
}

/** A multipart body: what it says, and where its file lies meanwhile. */
export interface Received {
  body: unknown;
  staged: string;
  /** The file goes; silent when gone. */
  discard: () => Promise<void>;
}

/** For a body past the JSON limit: the file streams to the object store before the route's `body` judges the rest. */
export interface Multipart<Params, Grant> {
  /** The form as callers fill it, for the document. */
  form: z.ZodType;
  /** What can be refused without the file is refused before its first byte is read. */
  receive: (call: { params: Params; ctx: Context } & Grant) => Promise<Received>;
}

/** JSON by a schema (whatever it does not name never leaves), or another type that the handler writes itself. */
export type Reply =
  | {
      status: number;
      schema: z.ZodType;
      /** The answer is not remembered for its Idempotency-Key. */
      secret?: boolean;
      /** To `Accept: text/event-stream` the handler writes a stream itself, which is not remembered either. */
      streams?: boolean;
    }
  | { status: number; type: 'text/event-stream' | 'text/html' };

export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With `:name` parameters, under `/api/v1` unless it is a health route. */
  path: string;
  summary: string;
  description: string | undefined;
  may: Permission | 'public' | 'connectSession';
  within: Within;
  params: z.ZodType;
  query: z.ZodType;
  body: z.ZodType;
  multipart: Multipart<unknown, Partial<Granted>> | undefined;
  reply: Reply;
  handle: (call: Call<unknown, unknown, unknown> & Partial<Granted>) => Promise<unknown>;
}

/** Whether the caller would rather have a stream than the answer at once. */
export const wantsStream = ({ reply }: Pick<Route, 'reply'>, ctx: Pick<Context, 'accepts'>): boolean =>
  'schema' in reply && reply.streams === true && ctx.accepts('json', 'text/event-stream') === 'text/event-stream';

export const takesBody = ({ method }: Pick<Route, 'method'>): boolean =>
  method === 'post' || method === 'put' || method === 'patch';

/** Repetitions with the same Idempotency-Key are known as such. A PUT is the same however often it comes. */
export const takesKey = (method: string): boolean => ['POST', 'PATCH', 'DELETE'].includes(method.toUpperCase());

/** What a route takes where it declares nothing: no field at all. */
export const Nothing = z.strictObject({});
type Nothing = typeof Nothing;

interface Definition<W extends Within, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  method: Route['method'];
  path: string;
  summary: string;
  description?: string;
  may: W extends 'nobody' ? 'public' : W extends 'session' ? 'connectSession' : Permission;
  within: W;
  params?: P;
  query?: Q;
  body?: B;
  multipart?: Multipart<z.output<P>, Grants[W]>;
  reply: Reply;
  handle: (call: Call<z.output<P>, z.output<Q>, z.output<B>> & Grants[W]) => Promise<unknown>;
}

/** One door of the API: what it takes, who may use it, what it answers. Fields that no schema names are refused. */
export const route = <
  W extends Within,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
>(
  definition: Definition<W, P, Q, B>,
): Route => ({
  ...definition,
  description: definition.description,
  params: definition.params ?? Nothing,
  query: definition.query ?? Nothing,
  body: definition.body ?? Nothing,
  multipart: definition.multipart as unknown as Route['multipart'],
  handle: definition.handle as unknown as Route['handle'],
});
