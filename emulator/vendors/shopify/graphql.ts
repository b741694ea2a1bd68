import { json, jsonBody, record, type Call, type Reply } from '../../http.ts';
import type { Grant } from '../../oauth/grants.ts';
import type { Limiter } from '../../records/limiter.ts';
import { execute, Refused, requestedCost, type Resolver } from './execute.ts';
import { mutations } from './mutations.ts';
import { parse, type Operation } from './parse.ts';
import { queries } from './queries.ts';
import type { SearchWarning } from './search.ts';
import type { Shop } from './shop.ts';

const COST_MAX = 1000;

interface Parts {
  grant: Grant;
  shop: Shop;
  limiter: Limiter;
}

/** What an application must have been granted to ask for this. Who may write may read. */
const NEEDS: Record<string, string> = {
  ...{ products: 'products', product: 'products', productByIdentifier: 'products' },
  ...{ orders: 'orders', order: 'orders' },
  ...{ customers: 'customers', customer: 'customers', customerByIdentifier: 'customers' },
  ...{ locations: 'locations', location: 'locations', inventoryLevel: 'inventory' },
};

/** Every error has status 200, and so has a call that is one too many. */
export function answerGraphql({ grant, shop, limiter }: Parts, call: Call): Reply {
  const body = record(jsonBody(call));
  const version = { 'x-shopify-api-version': /\/api\/([^/]+)\//.exec(call.path)?.[1] ?? '' };
  const failed = (code: string, message: string, more: Record<string, unknown> = {}) =>
    json(200, { errors: [{ message, extensions: { code } }], ...more }, version);

  const operation = read(body);
  if (operation instanceof Refused) return failed(operation.code, operation.message);
  const { kind, fields } = operation;
  const asked = requestedCost(kind, fields);
  if (asked > COST_MAX) {
    return failed(
      'MAX_COST_EXCEEDED',
      `Query cost is ${asked}, which exceeds the single query max cost limit (${COST_MAX}).`,
    );
  }
  const taken = limiter.take(asked);
  const cost = (actual: number | null) => ({
    requestedQueryCost: asked,
    actualQueryCost: actual,
    throttleStatus: {
      maximumAvailable: taken?.units ?? 2000,
      currentlyAvailable: taken?.remaining ?? 2000,
      restoreRate: 100,
    },
  });
  if (taken?.ok === false) return failed('THROTTLED', 'Throttled', { extensions: { cost: cost(null) } });

  const warnings: SearchWarning[] = [];
  const all =
    kind === 'query' ? { ...aboutUs(grant), ...queries(shop, (more) => warnings.push(...more)) } : mutations(shop);
  const allowed = Object.fromEntries(
    Object.entries(all).map(([name, resolver]) => [name, guarded(grant, kind, name, resolver)]),
  );
  const { data, errors, objects } = execute(fields, allowed);
  const search = warnings.length > 0 ? { search: [{ path: fields.map(({ name }) => name), warnings }] } : {};
  const extensions = { cost: cost(Math.min(asked, objects)), ...search };
  return json(200, { data, ...(errors.length > 0 ? { errors } : {}), extensions }, version);
}

function read(body: Record<string, unknown>): Operation | Refused {
  if (typeof body['query'] !== 'string') return new Refused('BAD_REQUEST', 'No query was given');
  try {
    return parse(body['query'], record(body['variables']));
  } catch (error) {
    return new Refused('parseError', `syntax error: ${error instanceof Error ? error.message : ''}`);
  }
}

function guarded({ scopes }: Grant, kind: Operation['kind'], name: string, resolver: Resolver): Resolver {
  const mutated = /^(product|order|customer)(Create|Update|Delete)$/.exec(name)?.[1];
  const needed = kind === 'mutation' ? `${mutated ?? ''}s` : NEEDS[name];
  if (needed === undefined) return resolver;
  const enough = [`write_${needed}`, ...(kind === 'query' ? [`read_${needed}`] : [])];
  if (enough.some((scope) => scopes.includes(scope))) return resolver;
  return () => {
    throw new Refused('ACCESS_DENIED', `Access denied for ${name} field. Required access: \`${enough.at(-1) ?? ''}\`.`);
  };
}

const aboutUs = ({ account, scopes }: Grant): Record<string, Resolver> => ({
  shop: () => ({
    id: 'gid://shopify/Shop/690933842',
    name: account.replace(/[.].*/, ''),
    myshopifyDomain: account,
    currencyCode: 'EUR',
    plan: { displayName: 'Basic' },
  }),
  currentAppInstallation: () => ({ accessScopes: scopes.map((handle) => ({ handle })) }),
});
