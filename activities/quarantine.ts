import { Context } from '@temporalio/activity';
import { isFault } from '../ports/errors.ts';
import type { Fault } from '../ports/errors.ts';
import type { Ports } from '../ports/index.ts';
import type { RetryOutcome, RunState, StreamRef } from '../ports/syncs.ts';
import { contentOf } from './sync-content.ts';
import type { Move } from './sync-pages.ts';
import { batchOf } from './sync-deliver.ts';
import { progressOf } from './sync-progress.ts';
import type { SyncProgress } from './sync-progress.ts';

const BATCH = 50;
/** Of one run: what is broken must not use up the budget of what is not. */
const RUN_MAX = 500;

type Needs = Pick<Ports, 'connectors' | 'syncs' | 'sinks' | 'hash'>;

/** Faults that are about this one record, not about the system or the way to it. */
const ABOUT_IT = ['provider_garbage', 'provider_rejected', 'invalid_request', 'unsupported'] as const;

/** Records that could not be read or delivered get another chance at the end of each run. */
export const createQuarantineActivities = ({ connectors, syncs, sinks, hash }: Needs) => {
  /** The record as it is now, or what is learnt without it. */
  const look = async (ref: StreamRef, externalId: string, { lane = 'backfill' }: Move) => {
    try {
      return { row: await connectors.readOne(ref.tenantId, ref.connectionId, ref.stream, externalId, { lane }) };
    } catch (error) {
      if (isFault(error, 'not_found')) return { learnt: { kind: 'gone' } as const };
      if (!isFault(error, ...ABOUT_IT)) throw error;
      // One that the system gives in lists only says nothing of what is wrong with it.
      const reason = error.code === 'unsupported' ? null : reasonOf(error);
      return { learnt: { kind: 'failed', reason } as const };
    }
  };

  const again = async (ref: StreamRef, externalId: string, move: Move, state: RunState): Promise<RetryOutcome> => {
    const { row, learnt } = await look(ref, externalId, move);
    if (row === undefined) return learnt;
    const contentHash = hash(contentOf(move.to, row));
    const known = (await syncs.changed(ref, [{ externalId, hash: contentHash }])).get(externalId);
    if (known === undefined) return { kind: 'healed', hash: contentHash, delivered: false };
    const batch = batchOf(move.runId, state, `again-${hash(externalId).slice(0, 16)}`);
    const { refused, targetIds } = await sinks.deliver(move.to, ref, {
      ...batch,
      rows: [{ row, hash: contentHash, known }],
    });
    const [{ reason } = { reason: null }] = refused;
    if (reason !== null) return { kind: 'failed', reason };
    return { kind: 'healed', hash: contentHash, delivered: true, targetId: targetIds.get(externalId) };
  };

  return {
    retryQuarantined: async (ref: StreamRef, move: Move): Promise<SyncProgress> => {
      let state = await syncs.state(ref, move.runId);
      for (let tried = 0; tried < RUN_MAX;) {
        const waiting = await syncs.toRetry(ref, move.runId, BATCH);
        for (const externalId of waiting) {
          Context.current().cancellationSignal.throwIfAborted();
          const outcome = await again(ref, externalId, move, state);
          state = await syncs.retried(ref, move.runId, externalId, outcome);
        }
        tried += waiting.length;
        if (waiting.length < BATCH) break;
      }
      return progressOf(state);
    },
  };
};

/** Which fields, and how; our own sentence otherwise. Never a value. */
const reasonOf = ({ message, fields }: Fault): string =>
  fields.length === 0 ? message : fields.map((field) => `${field.path}: ${field.message}`).join('; ');
