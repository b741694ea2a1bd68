import type { ContractCase, ErrorCase, StreamCase } from '../case.ts';

const ARTICLE = { title: 'Now baking', content: '<p>Rye.</p>', status: 'publish' };

const streams: Record<string, StreamCase> = {
  posts: { collection: 'posts', create: ARTICLE, update: { title: 'Now & then' } },
  pages: { collection: 'pages', create: ARTICLE, update: { title: 'Now & then' } },
  media: {
    collection: 'media',
    create: { title: 'A loaf' },
    update: { title: 'A loaf', alt_text: 'A loaf on a board' },
  },
  categories: { collection: 'categories', create: { name: 'Rye & spelt' }, update: { description: 'Dark.' } },
  users: {
    collection: 'users',
    create: { username: 'nora', email: 'nora@kornblume.example' },
    update: { name: 'Nora Feld' },
  },
};

const wp = (code: string, status: number) => ({ code, message: 'Sorry.', data: { status } });
const errors: ErrorCase[] = [
  { name: 'expired', status: 401, body: wp('rest_not_logged_in', 401), fault: 'credential_rejected' },
  { name: 'revoked', status: 401, body: wp('incorrect_password', 401), fault: 'credential_rejected' },
  { name: 'forbidden', status: 403, body: wp('rest_forbidden', 403), fault: 'credential_forbidden' },
  { name: 'missing', status: 404, body: wp('rest_no_route', 404), fault: 'not_found' },
  { name: 'invalid', status: 400, body: wp('rest_invalid_param', 400), fault: 'provider_rejected' },
  {
    name: 'past the last page',
    status: 400,
    body: wp('rest_post_invalid_page_number', 400),
    fault: 'provider_rejected',
  },
  { name: 'conflict', status: 400, body: wp('term_exists', 400), fault: 'conflict' },
  // Last: what a vendor says of waiting is believed.
  {
    name: 'throttled',
    status: 429,
    headers: { 'retry-after': '3600' },
    body: 'Too Many Requests',
    fault: 'provider_rate_limited',
    retryAfterMs: 3_600_000,
  },
];

export const wordpress: ContractCase = {
  connector: 'wordpress',
  vendor: 'wordpress',
  faultsAt: '/demo/wp-json',
  method: 'application_password',
  settings: ({ url }) => ({
    site_url: `${url}/wordpress/demo`,
    api_root: `${url}/wordpress/demo/wp-json`,
    username: 'owner',
    user_id: '1',
  }),
  credential: () => ({ application_password: 'abcdEFGHijklMNOPqrstUVWX' }),
  wrong: { application_password: 'wrong' },
  streams,
  errors,
};

/** The same sites, hosted by WordPress.com. */
export const wordpressCom: ContractCase = {
  ...wordpress,
  vendor: 'wordpress-com',
  faultsAt: '/wp/v2/sites',
  method: 'oauth',
  settings: () => ({ blog: 'kornblume.wordpress.com', user_id: '1' }),
  credential: ({ control }) => {
    const { accessToken, refreshToken } = control.oauth('wordpress-com').grant();
    return { access_token: accessToken, refresh_token: refreshToken ?? '' };
  },
  wrong: { access_token: 'wrong' },
  errors: [{ name: 'lapsed', status: 400, body: wp('invalid_token', 400), fault: 'credential_rejected' }, ...errors],
};
