import { createCollection, type Kept } from '../../records/collection.ts';
import { createLimiter } from '../../records/limiter.ts';
import { MODULES, type Module } from './modules.ts';

export type ZohoRecord = Kept;

const COUNT = 12;
/** Times carry the offset of the person whose token asks, and no fractions. */
const OFFSET_HOURS = 2;

export const told = (ms: number): string =>
  `${new Date(ms + OFFSET_HOURS * 3_600_000).toISOString().slice(0, 19)}+0${OFFSET_HOURS}:00`;

export function createStore(module: Module, now: () => number) {
  const collection = createCollection({
    now,
    count: COUNT,
    spell: (place) => `5725767000${String(module.firstId + place).padStart(9, '0')}`,
    make: module.make,
    edit(body) {
      const [name = ''] = module.mandatory;
      return { ...body, [name]: `${String(body[name])} again` };
    },
  });
  return { module, ...collection };
}
export type Store = ReturnType<typeof createStore>;

/** What one organisation has, and what it may ask in a day. */
export const openAccount = (now: () => number) => ({
  stores: MODULES.map((module) => createStore(module, now)),
  limiter: createLimiter(now),
  pages: createPages(now),
});
export type Account = ReturnType<typeof openAccount>;

/** Where the next page begins: after this record in its order, with what was asked for. */
export interface Place {
  sortBy: string;
  descending: boolean;
  sinceMs: number | null;
  key: string | number;
  id: string;
  read: number;
}

const TOKEN_MS = 86_400_000;

function createPages(now: () => number) {
  const places = new Map<string, { place: Place; expiresAt: number }>();
  return {
    issue(place: Place): { token: string; expiresAt: number } {
      const token = Buffer.from(`${places.size}:${place.id}`).toString('hex').padStart(40, 'c');
      const expiresAt = now() + TOKEN_MS;
      places.set(token, { place, expiresAt });
      return { token, expiresAt };
    },
    find(token: string): Place | undefined {
      const found = places.get(token);
      return found && found.expiresAt > now() ? found.place : undefined;
    },
  };
}
