import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createSyncActivities } from '../../../activities/syncs.ts';
import type { SyncProgress } from '../../../activities/sync-progress.ts';
import { RunId } from '../../../ports/ids.ts';
import type { Ports } from '../../../ports/index.ts';
import type { SyncMode } from '../../../ports/syncs.ts';
import type { Claim, Subject } from '../claim.ts';
import { expect, same } from '../claim.ts';
import { collectionOf, idsOf, PAGE } from '../scan.ts';

class Killed extends Error {}

/** A tenant's own store as it ends up, whatever was delivered twice on the way. */
function aSink() {
  const held = new Map<string, string>();
  const delivered: string[] = [];
  const sinks: Pick<Ports['sinks'], 'deliver' | 'remove'> = {
    async deliver(_to, _ref, { rows }) {
      for (const { row, hash } of rows) {
        held.set(row.externalId, hash);
        delivered.push(`${row.externalId}@${hash}`);
      }
      return { refused: [], targetIds: new Map() };
    },
    async remove(_to, _ref, { externalIds }) {
      for (const id of externalIds) held.delete(id);
    },
  };
  return { sinks, held, delivered };
}

/** One stream of a connection of its own, synced as the workflow syncs it, in pages small enough to be several. */
async function syncing({ ground, given, stream, of, connected }: Subject) {
  const { stores, hash, tenantId } = ground;
  const { sinks, held, delivered } = aSink();
  let commitsLeft = Number.POSITIVE_INFINITY;
  let pages = 0;
  const connectors: Ports['connectors'] = {
    ...connected.connectors,
    read: (tenant, id, name, query) =>
      connected.connectors.read(tenant, id, name, { ...query, ...(of.filter && { filter: of.filter }), limit: PAGE }),
  };
  const syncStore: Ports['syncs'] = {
    ...stores.syncs,
    async commitPage(...page) {
      // Delivered, and nothing of it is kept yet.
      if (commitsLeft === 0) throw new Killed();
      commitsLeft -= 1;
      pages += 1;
      return stores.syncs.commitPage(...page);
    },
  };
  const workflows = { isOpen: async () => false };
  const parts = { ...stores, connectors, hash, sinks, syncs: syncStore, workflows };
  const activities = createSyncActivities(parts as unknown as Ports);
  const ref = { tenantId, connectionId: connected.connection.id, stream: stream.name };
  const environment = new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR', () => undefined) });

  /** `killBefore`: how many pages are committed before the process dies, again and again. */
  const run = async (mode: SyncMode, killBefore: number[] = []) => {
    const runId = RunId.parse(randomUUID());
    const to = { sink: 'store' } as const;
    const kills = [...killBefore];
    const begun: SyncProgress | null = await environment.run(() => activities.beginSync(ref, runId, mode));
    expect(begun !== null, 'a run that has ended is taken for one at work');
    let progress: SyncProgress = begun;
    while (!progress.scanComplete) {
      commitsLeft = kills.shift() ?? Number.POSITIVE_INFINITY;
      try {
        progress = await environment.run(() => activities.movePages(ref, { runId, to, operationId: null }));
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
      }
    }
    if (progress.mode === 'full' && !progress.unproven) {
      const { missing } = await activities.planDeletes(ref, runId);
      if (missing > 0) await environment.run(() => activities.applyDeletes(ref, runId, to));
    }
    return activities.endSync(ref, runId, 'completed', null);
  };
  return { run, held, delivered, pages: () => pages, given };
}

const syncs: Claim['applies'] = ({ of, stream }) =>
  of.collection === undefined ? 'its rows are not kept ones' : stream.syncs ? null : 'it is not read whole';
const proves: Claim['applies'] = (subject) =>
  syncs(subject) ?? (subject.stream.complete ? null : 'a scan of it does not prove what is gone');

export const syncingClaims: Claim[] = [
  {
    id: 'delivers',
    title: 'a sync delivers every record; the next one delivers nothing; a third only what changed',
    per: 'stream',
    applies: syncs,
    async check(subject) {
      const { run, held, delivered } = await syncing(subject);
      await run('full');
      same(held.keys(), idsOf(subject), 'delivered records');
      const first = delivered.length;
      await run('full');
      expect(
        delivered.length === first,
        `a second sync of the same delivered ${delivered.length - first} records again`,
      );
      const collection = collectionOf(subject);
      collection.touch(collection.ids()[0] ?? '');
      collection.insert();
      await run('full');
      const due = delivered.length - first;
      expect(due === 2, `one change and one new record made ${due} deliveries`);
      same(held.keys(), idsOf(subject), 'delivered records');
    },
  },
  {
    id: 'killed anywhere',
    title: 'a sync that is killed at each page ends as one that is not',
    per: 'stream',
    applies: syncs,
    async check(subject) {
      const whole = await syncing(subject);
      await whole.run('full');
      const pages = whole.pages();
      const fresh = await subject.ground.connect(subject.given);
      const killed = await syncing({ ...subject, connected: fresh });
      const { counts } = await killed.run(
        'full',
        Array.from({ length: 2 * pages }, (_, at) => at % 2),
      );
      same([...killed.held].map(String), [...whole.held].map(String), 'what stands at the end');
      expect(counts.read === whole.held.size, `${counts.read} records are counted, not ${whole.held.size}`);
    },
  },
  {
    id: 'incremental = full',
    title: 'a full sync and then incremental ones end where a full sync ends',
    per: 'stream',
    applies: (subject) =>
      syncs(subject) ?? (subject.stream.incremental === 'changed' ? null : 'changes cannot be asked for'),
    async check(subject) {
      const collection = collectionOf(subject);
      const grown = await syncing(subject);
      await grown.run('full');
      for (let turn = 0; turn < 2; turn += 1) {
        collection.insert();
        collection.touch(collection.ids()[turn] ?? '');
        await grown.run('incremental');
      }
      const fresh = await subject.ground.connect(subject.given);
      const whole = await syncing({ ...subject, connected: fresh });
      await whole.run('full');
      same([...grown.held].map(String), [...whole.held].map(String), 'what stands at the end');
    },
  },
  {
    id: 'deletes',
    title: 'a record that went is taken away after a complete scan, and never after an incomplete one',
    per: 'stream',
    applies: proves,
    async check(subject) {
      const { run, held } = await syncing(subject);
      await run('full');
      const collection = collectionOf(subject);
      collection.remove(collection.ids()[1] ?? '');
      await run('incremental');
      await run('full');
      same(held.keys(), idsOf(subject), 'what stands at the end');
    },
  },
];
