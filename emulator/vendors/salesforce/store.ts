import { createCollection, type Kept } from '../../records/collection.ts';
import { createLimiter } from '../../records/limiter.ts';
import { OBJECTS, type SObject } from './objects.ts';

export type SRecord = Kept;

const COUNT = 12;
const LOCATOR_MS = 15 * 60_000;

export const stamp = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');

export function createStore(object: SObject, now: () => number) {
  const [name = ''] = object.required;
  return {
    object,
    /** Those that were deleted: they are told from those that never were. */
    gone: new Set<string>(),
    ...createCollection({
      now,
      count: COUNT,
      spell: (place) => `${object.prefix}xx0000${String(place).padStart(6, '0')}AAA`,
      make: object.make,
      edit: (body) => ({ ...body, [name]: `${String(body[name])} again` }),
    }),
  };
}
export type Store = ReturnType<typeof createStore>;

interface Cut {
  rows: unknown[];
  from: number;
  size: number;
  now: number;
}

/** Where the next batch of a query begins; it lapses when nobody asks. */
function createLocators() {
  const held = new Map<string, Cut>();
  return {
    put(cut: Cut): string {
      const locator = `01gxx${String(held.size).padStart(10, '0')}AAA-${cut.from}`;
      held.set(locator, cut);
      return locator;
    },
    take(locator: string, now: number): Cut | undefined {
      const found = held.get(locator);
      return found && found.now + LOCATOR_MS > now ? found : undefined;
    },
  };
}

/** One organisation. `wide`: its records have so many fields that a batch holds few of them. */
export const openAccount = (now: () => number, wide: () => boolean) => ({
  stores: OBJECTS.map((object) => createStore(object, now)),
  limiter: createLimiter(now),
  locators: createLocators(),
  wide,
});
export type Account = ReturnType<typeof openAccount>;
