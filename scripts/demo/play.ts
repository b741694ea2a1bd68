import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { playAgents } from './agents.ts';
import type { Models } from './agents.ts';
import { createApiClient, logIn } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import type { Claims } from './claims.ts';
import { beginOnboarding, connectSite } from './main-job.ts';
import type { Onboarding, Site } from './main-job.ts';

interface Listed<Item> {
  data: Item[];
  nextCursor: string | null;
  total?: number | null;
}
interface Post {
  id: number;
  slug: string;
  status: string;
  title: { raw?: string; rendered: string };
}
interface Shown {
  id: string;
  contentHash: string;
  content: { report: string; citations: string[]; proposedPost: { title: string; content: string } };
}

const sitePosts = async (site: Site, query: string): Promise<{ posts: Post[]; total: number }> => {
  const response = await fetch(`${site.url}/wp-json/wp/v2/posts?context=edit&per_page=100&${query}`, {
    headers: { authorization: `Basic ${Buffer.from(`${site.user}:${site.password}`).toString('base64')}` },
  });
  return { posts: (await response.json()) as Post[], total: Number(response.headers.get('x-wp-total')) };
};

const titleOf = (post: Post): string => post.title.raw ?? post.title.rendered;

const draftsNamed = async (site: Site, title: string): Promise<number> =>
  (await sitePosts(site, 'status=draft')).posts.filter((post) => titleOf(post) === title).length;

const connectAll = async ({ owner, reaches }: Onboarding, site: Site, { hold }: Claims): Promise<void> => {
  const refused = await connectSite(owner, { ...site, password: 'wrong wrong wrong' });
  hold(
    'a wrong application password is a 422 that names the field',
    refused.status === 422 && JSON.stringify(refused.body).includes('application_password'),
    refused,
  );
  const connected = await connectSite(owner, site);
  hold('the right one connects the site', connected.status === 200 && connected.body['state'] === 'healthy', connected);

  const authorized = await owner.authorize('hubspot');
  hold(
    'HubSpot is connected by OAuth with PKCE',
    authorized.status === 200 && authorized.page.includes('Connected'),
    authorized.page,
  );
  const again = await fetch(authorized.callbackUrl, { headers: { cookie: authorized.cookie, accept: 'text/html' } });
  hold('the callback a second time is the same friendly page', again.status === 200, again.status);
  const forged = await createApiClient(owner.baseUrl).get<{ code: string }>(
    '/api/v1/oauth/callback?code=x&state=forged',
  );
  hold('a forged state is refused', forged.status === 400 && forged.body.code === 'oauth_state_invalid', forged);
  await reaches('connect.hubspot', 'completed');
};

const checkSyncs = async (
  { owner, reaches }: Onboarding,
  site: Site,
  dataDir: string,
  tenantId: string,
  { hold }: Claims,
): Promise<void> => {
  const posts = await reaches('sync.wordpress.posts', 'completed');
  const { total } = await sitePosts(site, 'status=any');
  hold('the first sync read every post of the site', posts.data['read'] === total, { synced: posts.data, total });
  const live = await owner.get<Listed<{ externalId: string }>>('/api/v1/connectors/wordpress/data/posts?limit=5');
  hold(
    'a live read answers from the site itself',
    live.status === 200 && live.body.data.length === 5 && live.body.total === total,
    live.body.total,
  );
  const contacts = await reaches('sync.hubspot.contacts', 'completed');
  const store = join(dataDir, 'sinks', tenantId);
  const lines = readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.endsWith('contacts'))
    .flatMap((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').trim().split('\n'));
  hold(
    'contacts went as JSONL to the tenant’s own store',
    lines.length === contacts.data['delivered'] && lines.length > 0,
    { lines: lines.length, contacts: contacts.data },
  );
};

const decide = async ({ owner, reaches }: Onboarding, site: Site, { hold }: Claims): Promise<string> => {
  const { data } = await reaches('approval', 'waiting');
  const path = `/api/v1/approvals/${data['approvalId']}`;
  const { body: shown } = await owner.get<Shown>(path);
  const ids = new Set((await sitePosts(site, 'status=any')).posts.map(({ id }) => String(id)));
  hold(
    'the report cites posts that exist',
    shown.content.citations.length > 0 && shown.content.citations.every((id) => ids.has(id)),
    shown.content.citations,
  );
  const stale = await owner.post<{ code: string }>(`${path}/decisions`, {
    kind: 'approve',
    contentHash: 'something else',
  });
  hold('a decision about other content is a 409', stale.status === 409 && stale.body.code === 'approval_stale', stale);
  const title = `${shown.content.proposedPost.title} (edited)`;
  const decision = {
    kind: 'edit',
    contentHash: shown.contentHash,
    proposedPost: { ...shown.content.proposedPost, title },
    comment: 'a clearer title',
  };
  const decided = await owner.post<{ outcome: string }>(`${path}/decisions`, decision);
  hold('the owner edits and approves', decided.status === 200 && decided.body.outcome === 'approved', decided);
  const second = await owner.post<{ code: string }>(`${path}/decisions`, {
    kind: 'approve',
    contentHash: shown.contentHash,
  });
  hold('a second decision is a 409', second.status === 409 && second.body.code === 'approval_closed', second);
  return title;
};

const checkEnd = async (
  { owner, operation, reaches }: Onboarding,
  site: Site,
  title: string,
  tenantId: string,
  { hold }: Claims,
): Promise<void> => {
  await reaches('activate', 'completed');
  const { posts } = await sitePosts(site, 'status=draft');
  const drafts = posts.filter((post) => post.slug.startsWith('bz-') && titleOf(post) === title);
  hold(
    'exactly one draft stands on the site, with the edited title',
    drafts.length === 1,
    posts.map(({ slug }) => slug),
  );
  const tenant = await owner.get<{ state: string }>(`/api/v1/tenants/${tenantId}`);
  hold('the tenant is active', tenant.body.state === 'active', tenant.body);
  const schedules = await owner.get<Listed<{ stream: string }>>('/api/v1/schedules');
  hold('four schedules keep it up to date', schedules.body.data.length === 4, schedules.body);
  const audit = await owner.get<Listed<{ action: string }>>('/api/v1/audit?limit=100');
  const actions = new Set(audit.body.data.map(({ action }) => action));
  const wanted = [
    'connection.healthy',
    'audit.completed',
    'approval.approved',
    'write.completed',
    'activate.completed',
  ];
  hold(
    'the audit log tells the story',
    wanted.every((action) => actions.has(action)),
    [...actions],
  );
  const settled = await settledOutcome(owner, operation);
  hold('the operation is completed', settled === 'completed', settled);
};

/** The stream ends when the operation is settled. */
const settledOutcome = async (owner: ApiClient, operation: string): Promise<string> => {
  await Array.fromAsync(owner.events(`${operation}/events`, AbortSignal.timeout(30_000)));
  return (await owner.get<{ outcome: string }>(operation)).body.outcome;
};

/** Where it is played. */
export interface Stage {
  apiUrl: string;
  dataDir: string;
  site: Site;
}

/** Plays the main job once against a running API, and holds every claim against what is really there. Gives the tenant's owner. */
export const playMainJob = async ({ apiUrl, dataDir, site }: Stage, claims: Claims): Promise<ApiClient> => {
  const admin = await logIn(apiUrl, 'admin@bizosaas.local');
  const slug = `demo-${Date.now().toString(36)}`;
  const onboarding = await beginOnboarding(admin, slug, ({ step, state, message }) =>
    claims.tell(`  ${step} ${state}: ${message}`),
  );
  if (!onboarding) throw new Error(`the slug ${slug} is taken`);
  try {
    const me = await onboarding.owner.get<{ tenantId: string }>('/api/v1/me');
    const { tenantId } = me.body;
    await connectAll(onboarding, site, claims);
    await checkSyncs(onboarding, site, dataDir, tenantId, claims);
    const title = await decide(onboarding, site, claims);
    await checkEnd(onboarding, site, title, tenantId, claims);
    return onboarding.owner;
  } finally {
    onboarding.stop();
  }
};

/** The main job, and then the new tenant's agents. */
export const play = async (stage: Stage, models: Models, claims: Claims): Promise<void> => {
  const owner = await playMainJob(stage, claims);
  await playAgents(owner, (title) => draftsNamed(stage.site, title), models, claims);
};
