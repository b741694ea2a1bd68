import type { ConnectorInfo, StreamInfo, WriteKind } from '../../ports/connector-info.ts';
import type { Manifest } from './manifest.ts';
import { describeMethod } from './methods.ts';
import type { Paging, Stream } from './streams.ts';

/** What a declaration says of itself, for people, agents and the API. */
export const describe = ({ id, title, category, docs, auth, streams, ...more }: Manifest): ConnectorInfo => ({
  ...{ id, title, category, docs },
  auth: auth.map(describeMethod),
  streams: Object.entries(streams).map(([name, stream]) => describeStream(name, stream)),
  limits: more.limits ?? [],
  events: Object.keys(more.webhooks?.events ?? {}),
  notes: more.notes ?? [],
});

const WRITES: WriteKind[] = ['create', 'update', 'delete'];

const describeStream = (
  name: string,
  { title, model, text, filters, needs = [], paging, ...more }: Stream,
): StreamInfo => ({
  ...{ name, title, model, text },
  filters: Object.entries(filters).map(([filter, { values }]) => ({
    name: filter,
    values: values ?? null,
    required: needs.includes(filter),
  })),
  search: more.search ?? null,
  incremental: incrementalOf(paging),
  writes: WRITES.flatMap((kind) => {
    const write = more.writes?.[kind];
    return write ? [{ kind, safety: write.safety, fields: write.fields }] : [];
  }),
  upload: more.writes?.create?.takesFile ?? false,
  syncs: needs.length === 0,
  complete: paging.kind !== 'pages' || paging.complete !== false,
  reachMs: (paging.kind === 'pages' && paging.since?.reachMs) || null,
});

function incrementalOf(paging: Paging): StreamInfo['incremental'] {
  switch (paging.kind) {
    case 'offset':
      return paging.window ? 'changed' : null;
    case 'cursor':
      return 'changed';
    case 'pages':
      return paging.since?.finds ?? null;
  }
}
