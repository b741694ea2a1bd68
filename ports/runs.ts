import { z } from 'zod';
import type { NewAuditEntry } from './audit.ts';
import { OperationId } from './ids.ts';
import type { Scope, TenantId, UserId } from './ids.ts';
import type { Page, PageQuery } from './tenants.ts';

/** One business operation as callers see it: written before its workflow starts, and the only id that they ever get. */
export const Operation = z
  .strictObject({
    id: OperationId,
    tenantId: z.string(),
    kind: z.string(),
    outcome: z.enum(['running', 'completed', 'failed', 'cancelled']),
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    startedBy: z.string(),
    createdAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Operation' });
export type Operation = z.infer<typeof Operation>;

export const OperationEvent = z
  .strictObject({
    seq: z.number().int(),
    operationId: OperationId,
    step: z.string(),
    state: z.enum(['started', 'waiting', 'completed', 'failed', 'undone']),
    message: z.string(),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    at: z.iso.datetime(),
  })
  .meta({ id: 'OperationEvent' });
export type OperationEvent = z.infer<typeof OperationEvent>;

export interface NewOperationEvent {
  step: string;
  state: OperationEvent['state'];
  message: string;
  data?: OperationEvent['data'];
}

export interface OperationStore {
  /** Before the start. Idempotent for (who, idempotency key): the earlier row comes back. */
  begin: (input: {
    id: OperationId;
    scope: Scope;
    workflowId: string;
    kind: string;
    startedBy: UserId;
    idempotencyKey: string | null;
  }) => Promise<Operation & { workflowId: string }>;
  /** The operation belongs to this tenant from now on: its people may see it. Idempotent. */
  assign: (id: OperationId, tenantId: TenantId) => Promise<void>;
  /** Idempotent: the first outcome stays. */
  settle: (id: OperationId, outcome: 'completed' | 'failed' | 'cancelled', error: Operation['error']) => Promise<void>;
  /** A row whose workflow could not be started is taken back. */
  discard: (id: OperationId) => Promise<void>;
  get: (scope: Scope, id: OperationId) => Promise<Operation & { workflowId: string }>;
  list: (scope: Scope, page: PageQuery) => Promise<Page<Operation>>;
  /** One step of the story: an event for those who watch and, when given, its audit line, in one transaction. Idempotent by `step` and `state`. */
  record: (id: OperationId, event: NewOperationEvent, audit?: NewAuditEntry) => Promise<void>;
  /** Events of these operations after a sequence number, in order. One query for all viewers of a process. */
  eventsAfter: (seq: number, ids: OperationId[]) => Promise<OperationEvent[]>;
}

/** Remembers the first answer to each Idempotency-Key. */
export interface IdempotencyStore {
  /**
   * `new`: go on, then `finish`. `replay`: this was the answer. `in_progress`: another request holds the key (it lapses after a minute, so a crash blocks nobody).
   * `mismatch`: the key was used with another body.
   */
  begin: (
    scope: string,
    key: string,
    bodyHash: string,
  ) => Promise<
    | { kind: 'new' | 'in_progress' | 'mismatch' }
    | { kind: 'replay'; status: number; headers: Record<string, string>; body: unknown }
  >;
  finish: (
    scope: string,
    key: string,
    answer: { status: number; headers: Record<string, string>; body: unknown },
  ) => Promise<void>;
  /** After an answer that must not be remembered (5xx). */
  abandon: (scope: string, key: string) => Promise<void>;
}

/** Effects on tenants' systems: one row per effect key, so that a write happens once. */
export interface EffectStore {
  /** `claimed`: nobody did it yet. `unknown`: an earlier attempt began and its end is not known. `committed`: done, with its receipt. */
  claim: (
    tenantId: TenantId,
    key: string,
    action: string,
  ) => Promise<{ state: 'claimed' | 'unknown' } | { state: 'committed'; externalId: string; link: string | null }>;
  commit: (tenantId: TenantId, key: string, receipt: { externalId: string; link: string | null }) => Promise<void>;
  /** The vendor refused before doing anything: the key is free again. */
  release: (tenantId: TenantId, key: string) => Promise<void>;
}
