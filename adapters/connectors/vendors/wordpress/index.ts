import { z } from 'zod';
import { BEARER } from '../../auth-methods.ts';
import type { CodeMethod, StaticMethod } from '../../auth-methods.ts';
import { defineConnector } from '../../manifest.ts';
import { clean } from '../../plain-text.ts';
import { media, pages, posts } from './content.ts';
import { EDITORS_VIEW } from './lists.ts';
import { discoverWordpress } from './site.ts';
import { categories, users } from './terms-and-users.ts';

const PASSWORD_REFUSED =
  'the application password is not (or no longer) valid; make a new one in the profile of this user';
const PASSWORDS = '/users/me/application-passwords';

const applicationPassword: StaticMethod = {
  id: 'application_password',
  title: 'With an application password',
  kind: 'basic',
  use: { in: 'basic', user: '{username}', password: '{application_password}' },
  revoke: {
    how: 'itself',
    find: `${PASSWORDS}/introspect`,
    id: 'uuid',
    remove: `${PASSWORDS}/{id}`,
    yes: { at: 'deleted', is: [true] },
    // Which of them is a matter of the version: 6.1 takes whoever has a removed password for nobody.
    gone: ['rest_not_logged_in', 'incorrect_password', 'invalid_username', 'invalid_email'],
  },
  fields: [
    {
      name: 'site_url',
      title: 'Site address',
      secret: false,
      kind: 'url',
      help: 'The address of the site, like https://example.com',
      tidy: (url) => url.replace(/\/(wp-admin|wp-login\.php|wp-json)(\/.*)?$/, ''),
    },
    {
      name: 'username',
      title: 'User name',
      secret: false,
      kind: 'text',
      help: 'The login name of a user who may edit posts',
    },
    {
      name: 'application_password',
      title: 'Application password',
      secret: true,
      kind: 'text',
      help: 'Users → Profile → Application Passwords; not the password that you log in with',
      tidy: (password) => password.replace(/\s+/g, ''),
    },
  ],
};

const COM = 'https://public-api.wordpress.com';

/** Sites at WordPress.com: the same API behind one host, where the site is a part of the path. */
const wordpressCom: CodeMethod = {
  id: 'oauth',
  title: 'With your WordPress.com account',
  kind: 'oauth2_code',
  use: BEARER,
  fields: [
    {
      name: 'blog',
      title: 'Site',
      secret: false,
      kind: 'host',
      help: 'The address of your site at WordPress.com, like example.wordpress.com',
    },
  ],
  // The older pair of endpoints, without `-1`, gives tokens of one site only that nobody can renew.
  authorizeUrl: `${COM}/oauth2-1/authorize`,
  tokenUrl: `${COM}/oauth2-1/token`,
  scopes: ['global'],
  scopeSeparator: ' ',
  pkce: 'S256',
  clientAuth: 'body',
  tokenLifetimeS: 1_209_600,
  revoke: { how: 'rfc7009', url: `${COM}/oauth2-1/revoke`, token: 'refresh_token' },
  base: `${COM}/wp/v2/sites/{blog}`,
  verify: {
    base: COM,
    path: '/rest/v1.1/me',
    account: z.object({ ID: z.int().positive(), display_name: z.string() }).transform(({ ID, display_name: name }) => ({
      accountId: String(ID),
      accountName: clean(name),
      settings: { user_id: String(ID) },
    })),
  },
};

export const wordpress = defineConnector({
  id: 'wordpress',
  title: 'WordPress',
  category: 'cms',
  docs: 'https://developer.wordpress.org/rest-api/',
  notes: [
    'Application passwords need HTTPS, and security plugins may have switched them off.',
    'A server that hides the Authorization header from PHP refuses every password as rest_not_logged_in: its owner must add a rewrite rule.',
    'WordPress has no webhooks of its own: changes are found by asking for what was modified.',
    'What goes to the bin leaves the lists; a full sync finds that it is gone.',
    'At WordPress.com a token of one person is refused (403) for the sites of another; how long its tokens live, and whether they rotate, is not confirmed by its documents.',
  ],
  auth: [applicationPassword, wordpressCom],
  hosts: { blog: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/ },
  base: '{api_root}/wp/v2',
  discover: discoverWordpress,
  verify: {
    path: '/users/me',
    query: EDITORS_VIEW,
    account: z.object({ id: z.int().positive(), name: z.string() }).transform(({ id, name }) => ({
      accountId: String(id),
      accountName: clean(name),
      settings: { user_id: String(id) },
    })),
  },
  errors: {
    // WordPress.com's older endpoints call it `error`.
    code: ['code', 'error'],
    fields: 'data.params',
    rules: [
      {
        status: 401,
        is: ['invalid_username', 'invalid_email'],
        fault: 'credential_rejected',
        field: 'username',
        message: 'there is no such user on this site',
      },
      {
        is: ['invalid_token'],
        fault: 'credential_rejected',
        message: 'this authorization is not (or no longer) valid; connect it again',
      },
      { status: 401, fault: 'credential_rejected', field: 'application_password', message: PASSWORD_REFUSED },
      // An anonymous caller who names a status that is not public.
      {
        status: 400,
        at: 'data.details.status.data.status',
        is: [401],
        fault: 'credential_rejected',
        message: PASSWORD_REFUSED,
      },
      { status: 400, is: ['term_exists'], fault: 'conflict', message: 'a category of this name is there already' },
      // The one mistake of a person that the vendor tells with status 500.
      {
        status: 500,
        is: ['existing_user_login', 'existing_user_email'],
        fault: 'conflict',
        message: 'a user of this name or e-mail address is there already',
      },
    ],
  },
  streams: { posts, pages, media, categories, users },
});
