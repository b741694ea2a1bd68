/** The site of the run, as `startWordPress` of scripts/wordpress.mjs describes it. */
export interface WordPress {
  url: string;
  user: string;
  password: string;
  /** Names `password` among the user's application passwords. */
  uuid: string;
  controlPassword: string;
  posts: number;
  pages: number;
  media: number;
}

export interface SitePost {
  id: number;
  slug: string;
  status: string;
  title: { raw: string };
}

/** What the site's owner does on the site itself, past the product, with an application password of their own. */
export const openSiteControl = ({ url, user, controlPassword }: WordPress) => {
  const basic = (password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const authorization = basic(controlPassword);

  const call = async <Body>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ body: Body; headers: Headers }> => {
    const response = await fetch(`${url}/wp-json/wp/v2${path}`, {
      method,
      headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`WordPress answered ${response.status} to ${method} ${path}`);
    return { body: (await response.json()) as Body, headers: response.headers };
  };
  const passwords = '/users/me/application-passwords';

  return {
    /** The site's own count of what is public in this list. */
    count: async (resource: string): Promise<number> => {
      const { headers } = await call('GET', `/${resource}?per_page=1&context=edit`);
      return Number(headers.get('x-wp-total'));
    },
    posts: async (query: string): Promise<SitePost[]> =>
      (await call<SitePost[]>('GET', `/posts?context=edit&per_page=100&${query}`)).body,
    edit: (id: number, change: Record<string, string>) => call('POST', `/posts/${id}`, change),
    remove: (id: number) => call('DELETE', `/posts/${id}?force=true`),
    revokePassword: (uuid: string) => call('DELETE', `${passwords}/${uuid}`),
    makePassword: async (name: string): Promise<string> =>
      (await call<{ password: string }>('POST', passwords, { name })).body.password,
    passwordNames: async (): Promise<string[]> =>
      (await call<{ name: string }[]>('GET', passwords)).body.map(({ name }) => name),
    /** What the site says to this password; a refusal has a code. */
    whoIs: async (password: string): Promise<{ status: number; code?: string | undefined }> => {
      const me = await fetch(`${url}/wp-json/wp/v2/users/me`, { headers: { authorization: basic(password) } });
      return { status: me.status, code: ((await me.json()) as { code?: string }).code };
    },
  };
};
export type SiteControl = ReturnType<typeof openSiteControl>;
