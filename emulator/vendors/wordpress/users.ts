import { json, type Call, type Reply } from '../../http.ts';
import { createCollection, type Collection, type Kept } from '../../records/collection.ts';
import { wpError } from './errors.ts';
import { given } from './given.ts';
import { USER } from './owner.ts';
import { csv, ordered, pageAsked, pageOf } from './paging.ts';
import { gmt, slugOf } from './words.ts';

/** A user of the site. The owner is the first, and is who the application password speaks for. */
export interface Member extends Record<string, unknown> {
  username: string;
  name: string;
  email: string;
  roles: string[];
}

const PEOPLE = ['Ana Prado', 'Jonas Albrecht', 'Lucía Marín', 'Tom Reed', 'Mei Lin', 'Otto Brandt', 'Ines Vogel'];

export const createUsers = (now: () => number): Collection<Member> =>
  createCollection<Member>({
    now,
    count: 3,
    spell: (place) => String(place + USER.id),
    make(place) {
      if (place === 0) return { username: USER.login, name: USER.name, email: USER.email, roles: ['administrator'] };
      const name = PEOPLE[place - 1] ?? `Baker ${place}`;
      const username = slugOf(name);
      return { username, name, email: `${username}@kornblume.example`, roles: [place % 3 === 0 ? 'author' : 'editor'] };
    },
    edit: (body) => ({ ...body, name: `${body.name} jun.` }),
  });

export function listUsers(users: Collection<Member>, call: Call, owner: boolean): Reply {
  const { query, base } = call;
  const asked = pageAsked(query);
  if ('status' in asked) return asked;
  const edit = query.get('context') === 'edit';
  if (edit && !owner) return wpError(401, 'rest_forbidden_context', 'Sorry, you are not allowed to list users.');
  const roles = csv(query, 'roles');
  const words = (query.get('search') ?? '').toLowerCase();
  const found = users
    .all()
    .map((kept) => ({ kept, id: Number(kept.id) }))
    .filter(
      ({ kept: { body } }) =>
        (!roles || body.roles.some((role) => roles.includes(role))) &&
        `${body.name} ${body.username} ${body.email}`.toLowerCase().includes(words),
    );
  const key = query.get('orderby') === 'id' ? undefined : ({ kept }: { kept: Kept<Member> }) => kept.body.name;
  const rows = ordered(found, key ?? (({ id }) => id), query.get('order') === 'desc');
  return pageOf(
    call,
    asked,
    rows.map(({ kept }) => shownUser(kept, base, edit)),
  );
}

/** `edit` adds what only those see who may list users. */
export const shownUser = ({ id, body, madeAt, broken }: Kept<Member>, base: string, edit: boolean) => ({
  id: Number(id),
  ...(broken ? {} : { name: body.name }),
  url: base,
  description: '',
  link: `${base}/author/${body.username}/`,
  slug: body.username,
  ...(edit
    ? {
        username: body.username,
        email: body.email,
        roles: body.roles,
        registered_date: `${gmt(madeAt)}+00:00`,
        capabilities: Object.fromEntries(CAPABILITIES.map((name) => [name, true])),
      }
    : {}),
});

const CAPABILITIES = ['edit_posts', 'publish_posts', 'edit_pages', 'upload_files', 'list_users', 'administrator'];

export function createUser(users: Collection<Member>, call: Call): Reply {
  const fields = given(call);
  const lacking = ['username', 'email', 'password'].filter((name) => !fields[name]);
  if (lacking.length > 0) {
    const told = `Missing parameter(s): ${lacking.join(', ')}`;
    return wpError(400, 'rest_missing_callback_param', told, { params: lacking });
  }
  const member = merged({ username: '', name: '', email: '', roles: ['subscriber'] }, fields);
  const taken = (is: (body: Member) => boolean) => users.all().some(({ body }) => is(body));
  // The one place where a person's mistake is told with status 500 and without data.
  const refused = (code: string, message: string) => json(500, { code, message, data: null });
  if (taken(({ username }) => username === member.username)) {
    return refused('existing_user_login', 'Sorry, that username already exists!');
  }
  if (taken(({ email }) => email === member.email)) {
    return refused('existing_user_email', 'Sorry, that email address is already used!');
  }
  return json(201, shownUser(users.create(member), call.base, true));
}

/** A username is for ever. */
export function updateUser(users: Collection<Member>, kept: Kept<Member>, call: Call): Reply {
  const fields = given(call);
  if ('username' in fields && fields['username'] !== kept.body.username) {
    return wpError(400, 'rest_user_invalid_argument', 'Username is not editable.');
  }
  return json(200, shownUser(users.update(kept, merged(kept.body, fields)), call.base, true));
}

/** For good, and only when it is said who gets the posts. */
export function deleteUser(users: Collection<Member>, kept: Kept<Member>, { query, base }: Call): Reply {
  const heir = query.get('reassign');
  if (heir === null) {
    return wpError(400, 'rest_missing_callback_param', 'Missing parameter(s): reassign', { params: ['reassign'] });
  }
  if (query.get('force') !== 'true') {
    return wpError(501, 'rest_trash_not_supported', "Users do not support trashing. Set 'force=true' to delete.");
  }
  if (heir !== 'false' && (heir === kept.id || (heir !== String(USER.id) && !users.get(heir)))) {
    return wpError(400, 'rest_user_invalid_reassign', 'Invalid user ID for reassignment.');
  }
  const previous = shownUser(kept, base, true);
  users.remove(kept.id);
  return json(200, { deleted: true, previous });
}

function merged(member: Member, fields: Record<string, unknown>): Member {
  const text = (name: 'username' | 'email') => (typeof fields[name] === 'string' ? fields[name] : member[name]);
  const parts = [fields['first_name'], fields['last_name']].filter((part) => typeof part === 'string');
  const name = typeof fields['name'] === 'string' ? fields['name'] : parts.join(' ') || member.name || text('username');
  const roles = Array.isArray(fields['roles']) ? fields['roles'].map(String) : member.roles;
  return { username: text('username'), email: text('email'), name, roles };
}
