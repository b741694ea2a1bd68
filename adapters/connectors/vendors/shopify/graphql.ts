import type { LimitTold } from '../../../../ports/budgets.ts';
import type { FieldError } from '../../../../ports/errors.ts';
import type { Call } from '../../call.ts';
import type { TellsLimits } from '../../manifest.ts';
import { at } from '../../paths.ts';

/** One question or change. `cost`: the points that it may take, from the shop's bucket. */
export const graphql = (query: string, variables: Record<string, unknown>, cost: number): Call => ({
  method: 'POST',
  path: '/graphql.json',
  body: { query, variables },
  cost,
});

/** A change costs ten points. Its answer lies at `data.done`, whichever it is. */
export const mutation = (declared: string, done: string, variables: Record<string, unknown>): Call =>
  graphql(`mutation(${declared}){done:${done}}`, variables, 10);

/** Where the refusals of a change lie. */
const USER_ERRORS = 'data.done.userErrors';

const listAt = (json: unknown, path: string): unknown[] => {
  const found = at(json, path);
  return Array.isArray(found) ? (found as unknown[]) : [];
};

/** Nearly every refusal has status 200: it stands in `errors`, or, of a change, beside its result. */
export const refusedBy = (json: unknown): boolean =>
  at(json, 'errors') !== undefined || listAt(json, USER_ERRORS).length > 0;

/** Of `["order", "lineItems", "0", "quantity"]` the first word is the argument, and the rest the field. */
export const fieldsOf = (json: unknown): FieldError[] =>
  listAt(json, USER_ERRORS).flatMap((error) => {
    const path = listAt(error, 'field').filter((name) => typeof name === 'string' && /^\w{1,64}$/.test(name));
    const inside = path.length > 1 ? path.slice(1) : path;
    return inside.length > 0 ? [{ path: inside.join('.'), message: 'Shopify does not accept this value' }] : [];
  });

/** What every answer says of the shop's bucket: how much it holds, how much is left, and what comes back each second. */
export const tells: TellsLimits = ({ json }): LimitTold[] => {
  const told = (name: string): number | undefined => {
    const value = at(json, `extensions.cost.throttleStatus.${name}`);
    return typeof value === 'number' ? value : undefined;
  };
  const [units, remaining, perSecond] = [told('maximumAvailable'), told('currentlyAvailable'), told('restoreRate')];
  if (units === undefined || remaining === undefined || perSecond === undefined) return [];
  return [{ limit: 'points', units, remaining, perSecond }];
};
