import { json, type Call, type Reply } from '../../http.ts';
import { createCollection } from '../../records/collection.ts';
import { apiError, invalid } from './errors.ts';

const MAX_PAGE = 500;
const FIRST_ID = 4401;
const NAMES = ['Iker Sanz', 'Lena Vogel', 'Zoë Berg'];

/** The people of an account who may own a record; they are made and changed in its settings only. */
export function createOwners(now: () => number) {
  const owners = createCollection<{ firstName: string; lastName: string; email: string }>({
    now,
    count: NAMES.length,
    spell: (place) => String(FIRST_ID + place),
    make(place) {
      const [firstName = '', lastName = ''] = (NAMES[place % NAMES.length] ?? '').split(' ');
      return { firstName, lastName, email: `rep${place}@example.com` };
    },
    edit: (owner) => ({ ...owner, firstName: `${owner.firstName} again` }),
  });
  const shown = ({ id, body, madeAt, changedAt, broken }: ReturnType<typeof owners.all>[number]) => ({
    id,
    ...body,
    userId: Number(id) + 83_000,
    createdAt: new Date(madeAt).toISOString(),
    ...(broken ? {} : { updatedAt: new Date(changedAt).toISOString() }),
    archived: false,
  });
  return {
    control: owners.control,
    list({ query }: Call): Reply {
      const limit = Number(query.get('limit') ?? 100);
      if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
        return invalid(`limit must be between 1 and ${MAX_PAGE}`);
      const start = Number(query.get('after') ?? FIRST_ID) - FIRST_ID;
      if (!(start >= 0)) return invalid('after is not a paging cursor');
      const { records, next } = owners.from(start, limit);
      const email = query.get('email');
      const results = records.filter(({ body }) => email === null || body.email === email).map(shown);
      return json(200, { results, ...(next === null ? {} : { paging: { next: { after: String(FIRST_ID + next) } } }) });
    },
    one(_call: Call, id: string): Reply {
      const found = owners.get(id);
      return found ? json(200, shown(found)) : apiError(404, 'OBJECT_NOT_FOUND', `No owner with the ID ${id}`);
    },
  };
}
