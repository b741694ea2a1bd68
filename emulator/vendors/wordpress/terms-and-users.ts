import { json, route, type Call, type Handler, type Reply, type Route } from '../../http.ts';
import type { Kept } from '../../records/collection.ts';
import { createCategory, deleteCategory, listCategories, shownTerm, updateCategory } from './categories.ts';
import type { Term } from './categories.ts';
import { wpError } from './errors.ts';
import type { Site } from './site.ts';
import { createUser, deleteUser, listUsers, shownUser, updateUser } from './users.ts';
import type { Member } from './users.ts';

/** Answers once it is known who asks. */
export type Api = (answer: (call: Call, owner: boolean, ...params: string[]) => Reply) => Handler;

export const WRITES = ['POST', 'PUT', 'PATCH'];

export function termRoutes({ categories }: Site, root: string, api: Api): Route[] {
  const path = `${root}/categories`;
  const writer = (answer: (call: Call) => Reply) =>
    api((call, owner) =>
      owner ? answer(call) : wpError(401, 'rest_cannot_create', 'Sorry, you are not allowed to create terms.'),
    );
  const ofTerm = (answer: (kept: Kept<Term>, call: Call) => Reply, writes = true) =>
    api((call, owner, id = '') => {
      const kept = categories.get(id);
      if (!kept) return wpError(404, 'rest_term_invalid', 'Term does not exist.');
      if (!owner && writes) return wpError(401, 'rest_cannot_edit', 'Sorry, you are not allowed to edit this term.');
      return answer(kept, call);
    });
  const update = ofTerm((kept, call) => updateCategory(categories, kept, call));
  return [
    route(
      'GET',
      path,
      api((call, owner) => listCategories(categories, call, owner)),
    ),
    route(
      'POST',
      path,
      writer((call) => createCategory(categories, call)),
    ),
    route(
      'GET',
      `${path}/:id`,
      ofTerm((kept, { base }) => json(200, shownTerm(kept, base)), false),
    ),
    ...WRITES.map((method) => route(method, `${path}/:id`, update)),
    route(
      'DELETE',
      `${path}/:id`,
      ofTerm((kept, call) => deleteCategory(categories, kept, call)),
    ),
  ];
}

export function userRoutes({ users }: Site, root: string, api: Api): Route[] {
  const path = `${root}/users`;
  const ofUser = (answer: (kept: Kept<Member>, call: Call) => Reply) =>
    api((call, owner, id = '') => {
      const kept = users.get(id);
      if (!kept) return wpError(404, 'rest_user_invalid_id', 'Invalid user ID.');
      return owner
        ? answer(kept, call)
        : wpError(401, 'rest_user_cannot_view', 'Sorry, you are not allowed to do that.');
    });
  const update = ofUser((kept, call) => updateUser(users, kept, call));
  return [
    route(
      'GET',
      path,
      api((call, owner) => listUsers(users, call, owner)),
    ),
    route(
      'POST',
      path,
      api((call, owner) =>
        owner
          ? createUser(users, call)
          : wpError(401, 'rest_cannot_create_user', 'Sorry, you are not allowed to create new users.'),
      ),
    ),
    route(
      'GET',
      `${path}/:id`,
      ofUser((kept, { query, base }) => json(200, shownUser(kept, base, query.get('context') === 'edit'))),
    ),
    ...WRITES.map((method) => route(method, `${path}/:id`, update)),
    route(
      'DELETE',
      `${path}/:id`,
      ofUser((kept, call) => deleteUser(users, kept, call)),
    ),
  ];
}
