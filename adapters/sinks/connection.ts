import type { Row } from '../../ports/connectors.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import type { Ports } from '../../ports/index.ts';
import type { AwaitedWrite } from '../../ports/workflows.ts';
import type { Delivered, SinkPort } from '../../ports/sinks.ts';
import type { Known, StreamRef } from '../../ports/syncs.ts';
import type { Destination, RecordTarget } from '../../ports/tenants.ts';

/** Writes under way at once; how many the vendor takes its budget says. */
const ABREAST = 8;
/** Records looked through for the one with the key. */
const FOUND_MAX = 100;
/** A write that takes longer may be waiting for people: the record waits in quarantine, the others go on. */
const WRITE_MS = 60_000;

/** Faults of this one record: the target refuses what it holds. All others are about the target as a whole. */
const ABOUT_IT = ['provider_rejected', 'invalid_request', 'conflict', 'outcome_unknown', 'not_approved'] as const;

type Needs = Pick<Ports, 'connectors' | 'content' | 'workflows' | 'hash'>;
interface Item {
  row: Row;
  hash: string;
  known: Known;
}

/**
 * Records into another of the tenant's systems: updated where they are known or found by their key, created where they are
 * not. Each change is a connectorWrite of its own. Nothing is deleted there: it may have been there before us.
 */
export function connectionSink({ connectors, content, workflows, hash }: Needs): Pick<SinkPort, 'deliver' | 'remove'> {
  const write = async (
    ref: StreamRef,
    target: RecordTarget,
    effect: string,
    action: { kind: 'create' } | { kind: 'update'; externalId: string },
    input: Record<string, unknown>,
  ): Promise<string> => {
    const { tenantId } = ref;
    const effectKey = hash(`${effect}/${action.kind}/${'externalId' in action ? action.externalId : ''}`);
    const { id: contentId } = await content.putFor(tenantId, effectKey, input);
    const asked: AwaitedWrite = {
      ...{ tenantId, connectionId: target.connectionId, stream: target.stream, lane: 'backfill', effectKey },
      action: { ...action, contentId },
    };
    const receipt = await workflows.write(asked, WRITE_MS);
    if (receipt) return receipt.externalId;
    throw new Fault('outcome_unknown', 'the write has not ended yet; it may wait for a person’s decision');
  };

  /** The record there with this key; null when there is none. */
  const found = async ({ tenantId }: StreamRef, target: RecordTarget, value: string): Promise<string | null> => {
    const { connectionId, stream, key, filter = key } = target;
    const query = { limit: FOUND_MAX, filter: { [filter]: value }, lane: 'backfill' } as const;
    const { rows } = await connectors.read(tenantId, connectionId, stream, query);
    // A search of theirs may find more than what is alike.
    const same = rows.filter((row) => (row[key] === undefined ? filter === key : isSame(row[key], value)));
    if (same.length > 1) throw new Fault('conflict', `there are several ${stream} whose ${key} is the same`);
    return same[0]?.externalId ?? null;
  };

  const upsert = async (
    ref: StreamRef,
    target: RecordTarget,
    choice: string,
    { row, hash: contentHash, known }: Item,
  ) => {
    const input = mapped(row, target);
    const value = input[target.key];
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new Fault('invalid_request', `it has no ${target.key}, by which it is found again`);
    }
    // Alike for every attempt at this version of the record, and for no other version, also when it comes to be as it was.
    const place = [ref.connectionId, ref.stream, row.externalId, choice, target.connectionId, target.stream];
    const effect = JSON.stringify([...place, known.version, contentHash]);
    if (known.targetId !== null) {
      try {
        return await write(ref, target, effect, { kind: 'update', externalId: known.targetId }, input);
      } catch (error) {
        // Deleted over there meanwhile: it is looked for, and made anew.
        if (!isFault(error, 'not_found')) throw error;
      }
    }
    const there = await found(ref, target, String(value));
    const action = there === null ? ({ kind: 'create' } as const) : ({ kind: 'update', externalId: there } as const);
    return write(ref, target, effect, action, input);
  };

  return {
    async deliver(to, ref, { rows, choice, signal }) {
      const target = targetOf(to);
      const delivered: Delivered = { refused: [], targetIds: new Map() };
      const deliverOne = async (item: Item) => {
        const { externalId } = item.row;
        try {
          delivered.targetIds.set(externalId, await upsert(ref, target, choice, item));
        } catch (error) {
          if (!isFault(error, ...ABOUT_IT)) throw error;
          delivered.refused.push({ externalId, reason: reasonOf(error) });
        }
      };
      for (let at = 0; at < rows.length; at += ABREAST) {
        signal.throwIfAborted();
        await Promise.all(rows.slice(at, at + ABREAST).map(deliverOne));
      }
      return delivered;
    },
    remove: async () => undefined,
  };
}

const targetOf = ({ target }: Destination): RecordTarget => {
  if (target && 'fields' in target) return target;
  throw new Fault(
    'invalid_request',
    'this stream goes to another system, but to none that is named; choose its target',
  );
};

/** What ours does not know is left as it is there. */
const mapped = (row: Row, { fields }: RecordTarget): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields)
      .map(([theirs, ours]) => [theirs, row[ours]] as const)
      .filter(([, value]) => value !== undefined && value !== null),
  );

const isSame = (one: unknown, other: string): boolean => String(one).toLowerCase() === other.toLowerCase();

/** Which fields are refused, never their values. */
const reasonOf = ({ message, fields }: Fault): string =>
  fields.length === 0 ? message : `${message}: ${fields.map((field) => `${field.path} ${field.message}`).join('; ')}`;
