import { route, type Call, type Handler, type Reply, type Route } from '../../http.ts';
import { OBJECTS, type SObject } from './objects.ts';
import { problem } from './problem.ts';
import { nextBatch, runQuery } from './query.ts';
import type { Account, Store } from './store.ts';
import { createRecord, deleteRecord, updateRecord } from './writes.ts';

const DATA = '/services/data/v67.0';

type AsApi = (answer: (account: Account, call: Call, id: string) => Reply) => Handler;

/** Queries, and the writes of every object. */
export const dataRoutes = (asApi: AsApi, now: () => number): Route[] => [
  route(
    'GET',
    `${DATA}/query`,
    asApi((account, call) => runQuery(account, call, now())),
  ),
  route(
    'GET',
    `${DATA}/query/:locator`,
    asApi((account, _call, id) => nextBatch(account, id, now())),
  ),
  ...OBJECTS.flatMap((object) => objectRoutes(asApi, object)),
];

function objectRoutes(asApi: AsApi, { type }: SObject): Route[] {
  const by = (act: (store: Store, call: Call, id: string) => Reply) =>
    asApi((account, call, id) => {
      const store = account.stores.find(({ object }) => object.type === type);
      return store ? act(store, call, id) : problem(404, 'NOT_FOUND', 'The requested resource does not exist');
    });
  const base = `${DATA}/sobjects/${type}`;
  return [
    route('POST', base, by(createRecord)),
    route('PATCH', `${base}/:id`, by(updateRecord)),
    route('DELETE', `${base}/:id`, by(deleteRecord)),
  ];
}
