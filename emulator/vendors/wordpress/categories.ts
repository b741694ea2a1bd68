import { json, record, type Call, type Reply } from '../../http.ts';
import { createCollection, type Collection, type Kept } from '../../records/collection.ts';
import { invalidParam, wpError } from './errors.ts';
import { csv, ordered, pageAsked, pageOf } from './paging.ts';
import { given } from './given.ts';
import { keptName, slugOf } from './words.ts';

/** A category. Terms have no dates. */
export interface Term extends Record<string, unknown> {
  name: string;
  slug: string;
  description: string;
  parent: number;
}

const NAMES = ['News', 'Bread & rolls', 'Cakes', 'Classes', 'The mill', 'Markets', 'Recipes', 'People'];

export const createCategories = (now: () => number): Collection<Term> =>
  createCollection<Term>({
    now,
    count: 3,
    spell: (place) => String(place + 1),
    make(place) {
      const name = NAMES[place] ?? `Bread of ${2000 + place}`;
      return { name, slug: slugOf(name), description: '', parent: 0 };
    },
    edit: (body) => ({ ...body, name: `${body.name}!` }),
  });

const ORDERS: Record<string, (term: Term & { id: number }) => number | string> = {
  id: ({ id }) => id,
  name: ({ name }) => name.toLowerCase(),
  slug: ({ slug }) => slug,
  count: () => 0,
};

/** Past the last page this list is empty; only posts refuse to go there. */
export function listCategories(categories: Collection<Term>, call: Call, owner: boolean): Reply {
  const { query, base } = call;
  const asked = pageAsked(query);
  if ('status' in asked) return asked;
  if (query.get('context') === 'edit' && !owner) {
    return wpError(401, 'rest_forbidden_context', 'Sorry, you are not allowed to edit terms in this taxonomy.');
  }
  const key = ORDERS[query.get('orderby') ?? 'name'];
  if (!key) return invalidParam('orderby', `orderby is not one of ${Object.keys(ORDERS).join(', ')}.`);
  const [slugs, parent] = [csv(query, 'slug'), query.get('parent')];
  const words = (query.get('search') ?? '').toLowerCase();
  const terms = categories
    .all()
    .map((kept) => ({ kept, ...kept.body, id: Number(kept.id) }))
    .filter(
      ({ name, slug, parent: above }) =>
        (!slugs || slugs.includes(slug)) &&
        (parent === null || parent === String(above)) &&
        `${keptName(name)} ${slug}`.toLowerCase().includes(words),
    );
  const shown = ordered(terms, key, query.get('order') === 'desc').map(({ kept }) => shownTerm(kept, base));
  return pageOf(call, asked, shown);
}

export const shownTerm = ({ id, body, broken }: Kept<Term>, base: string): Record<string, unknown> => ({
  id: Number(id),
  count: 12,
  description: body.description,
  link: `${base}/category/${body.slug}/`,
  ...(broken ? {} : { name: keptName(body.name) }),
  slug: body.slug,
  taxonomy: 'category',
  parent: body.parent,
  meta: [],
});

export function createCategory(categories: Collection<Term>, call: Call): Reply {
  const fields = record(given(call));
  if (typeof fields['name'] !== 'string' || fields['name'] === '') {
    return wpError(400, 'rest_missing_callback_param', 'Missing parameter(s): name', { params: ['name'] });
  }
  const term = merged({ name: '', slug: '', description: '', parent: 0 }, fields);
  const slug = term.slug || slugOf(term.name);
  const twin = categories.all().find(({ body }) => body.parent === term.parent && body.name === term.name);
  if (twin) {
    const told = 'A term with the name provided already exists with this parent.';
    return wpError(400, 'term_exists', told, { term_id: Number(twin.id) });
  }
  return json(201, shownTerm(categories.create({ ...term, slug }), call.base));
}

export const updateCategory = (categories: Collection<Term>, kept: Kept<Term>, call: Call): Reply =>
  json(200, shownTerm(categories.update(kept, merged(kept.body, record(given(call)))), call.base));

/** Terms have no bin. */
export function deleteCategory(categories: Collection<Term>, kept: Kept<Term>, { query, base }: Call): Reply {
  if (query.get('force') !== 'true') {
    return wpError(501, 'rest_trash_not_supported', "Terms do not support trashing. Set 'force=true' to delete.");
  }
  const previous = shownTerm(kept, base);
  categories.remove(kept.id);
  return json(200, { deleted: true, previous });
}

function merged(term: Term, fields: Record<string, unknown>): Term {
  const text = (name: 'name' | 'slug' | 'description') =>
    typeof fields[name] === 'string' ? fields[name] : term[name];
  const parent = Number(fields['parent'] ?? term.parent);
  return { name: text('name'), slug: text('slug'), description: text('description'), parent };
}
