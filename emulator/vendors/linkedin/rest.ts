import { json, jsonBody, record, type Call, type Reply } from '../../http.ts';
import type { Kept } from '../../records/collection.ts';
import { failed, invalid, missing, paged } from './answers.ts';
import { activityOf, shownAcl, shownComment, shownOrganization, shownPost, type Pages } from './page.ts';

const DAY_MS = 86_400_000;
const DUPLICATE_MS = 600_000;
const VERSIONS = ['202607', '202606', '202605', '202604', '202603', '202602', '202601', '202512'];
const header = ({ headers }: Call, name: string): string => [headers[name]].flat()[0] ?? '';
const made = (id: string, body?: unknown): Reply =>
  body === undefined ? { status: 201, headers: { 'x-restli-id': id } } : json(201, body, { 'x-restli-id': id });

/** Everything under `/rest`: the month of the version is compulsory, names come percent-encoded. */
export function answerRest(pages: Pages, call: Call, now: number, person: string): Reply {
  const version = header(call, 'linkedin-version');
  if (version === '')
    return failed(
      400,
      'VERSION_MISSING',
      'A version must be present. Please specify a version by adding the Linkedin-Version header.',
    );
  if (!VERSIONS.includes(version))
    return failed(426, 'NONEXISTENT_VERSION', `Requested version ${version} is not active`);
  if (/:/.test(call.path)) return invalid('URNs must be percent-encoded');
  const [resource = '', first = '', second = '', third = ''] = call.path
    .replace('/rest/', '')
    .split('/')
    .map(decodeURIComponent);
  switch (resource) {
    case 'organizationAcls':
      return call.query.get('q') === 'roleAssignee'
        ? paged(pages.organizations.all().filter(isAsked(call)), call, (one) => shownAcl(one, person))
        : invalid('q');
    case 'organizations': {
      const found = pages.organizations.get(`urn:li:organization:${first}`);
      return found ? json(200, shownOrganization(found)) : missing();
    }
    case 'networkSizes':
      if (call.query.get('edgeType') !== 'COMPANY_FOLLOWED_BY_MEMBER') return invalid('edgeType');
      return pages.organizations.get(first) ? json(200, { firstDegreeSize: 1820 }) : missing();
    case 'organizationalEntityShareStatistics':
      return statistics(pages, call, now);
    case 'posts':
      return first === '' ? onPosts(pages, call, now) : onPost(pages, call, first);
    case 'socialActions':
      return second === 'comments' ? onComments(pages, call, first, third) : missing();
    default:
      return missing();
  }
}

const isAsked =
  ({ query }: Call) =>
  ({ body }: Kept): boolean =>
    ['role', 'state'].every((name) => query.get(name) === null || query.get(name) === body[name]);

function statistics(pages: Pages, call: Call, now: number): Reply {
  const organization = call.query.get('organizationalEntity') ?? '';
  if (!pages.organizations.get(organization)) return missing();
  const [, from, to] =
    /^\(timeRange:\(start:(\d+),end:(\d+)\),timeGranularityType:DAY\)$/.exec(call.query.get('timeIntervals') ?? '') ??
    [];
  if (from === undefined || to === undefined) return invalid('timeIntervals');
  const days = Math.min(5, Math.floor((Number(to) - Number(from)) / DAY_MS));
  const last = Math.floor(now / DAY_MS) * DAY_MS;
  const elements = Array.from({ length: Math.max(0, days) }, (_, back) => {
    const start = last - (days - 1 - back) * DAY_MS;
    const totals = {
      impressionCount: 4120,
      uniqueImpressionsCount: 3100,
      clickCount: 133,
      likeCount: 40,
      commentCount: 4,
    };
    return {
      ...{ organizationalEntity: organization, timeRange: { start, end: start + DAY_MS } },
      totalShareStatistics: { ...totals, shareCount: 2, engagement: 0.0434 },
    };
  });
  return json(200, { elements, paging: { start: 0, count: elements.length, links: [] } });
}

function onPosts({ posts, organizations }: Pages, call: Call, now: number): Reply {
  if (call.method === 'GET') {
    const { query } = call;
    if (query.get('q') !== 'author' || header(call, 'x-restli-method') !== 'FINDER')
      return invalid('q=author and the method FINDER are expected');
    const author = query.get('author') ?? '';
    if (!organizations.get(author)) return failed(403, 'ACCESS_DENIED', 'Not enough permissions to access this author');
    const sorted = query.get('sortBy') === 'CREATED' ? posts.all() : posts.byChange();
    return paged(
      sorted.reverse().filter(({ body }) => body['author'] === author),
      call,
      shownPost,
    );
  }
  const body = record(jsonBody(call));
  const { author, commentary, visibility, distribution, lifecycleState } = body;
  if (typeof author !== 'string' || typeof commentary !== 'string' || !visibility || !distribution || !lifecycleState)
    return invalid('a field of the post is missing');
  const same = posts
    .all()
    .some(
      (one) =>
        one.body['commentary'] === commentary && one.body['author'] === author && now - one.madeAt < DUPLICATE_MS,
    );
  if (same) return failed(422, 'DUPLICATE_POST', 'Content is a duplicate of an existing post');
  return made(posts.create(body).id);
}

function onPost({ posts }: Pages, call: Call, id: string): Reply {
  const found = posts.get(id);
  if (!found) return missing();
  if (call.method === 'GET') return json(200, shownPost(found));
  if (call.method === 'DELETE') {
    posts.remove(id);
    return { status: 204 };
  }
  const set = record(record(record(jsonBody(call))['patch'])['$set']);
  if (header(call, 'x-restli-method') !== 'PARTIAL_UPDATE' || typeof set['commentary'] !== 'string')
    return invalid('a PARTIAL_UPDATE with patch.$set is expected');
  posts.update(found, { ...found.body, commentary: set['commentary'] });
  return { status: 204 };
}

function onComments(pages: Pages, call: Call, about: string, id: string): Reply {
  const { comments, posts } = pages;
  const activity = about.startsWith('urn:li:activity:') ? about : activityOf(about);
  if (!posts.all().some((post) => activityOf(post.id) === activity)) return missing();
  const urn = `urn:li:comment:(${activity},${id})`;
  if (id === '' && call.method === 'GET')
    return paged(
      comments.all().filter((one) => one.id.startsWith(`urn:li:comment:(${activity},`)),
      call,
      shownComment,
    );
  const body = record(jsonBody(call));
  if (id === '') {
    if (typeof body['actor'] !== 'string' || typeof record(body['message'])['text'] !== 'string')
      return invalid('actor and message');
    pages.under(activity);
    const one = comments.create({ actor: body['actor'], message: body['message'] });
    return made(/,(\d+)\)$/.exec(one.id)?.[1] ?? '', shownComment(one));
  }
  const found = comments.get(urn);
  if (!found) return missing();
  if (call.method === 'GET') return json(200, shownComment(found));
  if (call.method === 'DELETE') {
    comments.remove(urn);
    return { status: 204 };
  }
  const text = record(record(record(record(body['patch'])['message'])['$set']))['text'];
  if (header(call, 'x-restli-method') !== 'PARTIAL_UPDATE' || typeof text !== 'string')
    return invalid('a PARTIAL_UPDATE is expected');
  comments.update(found, { ...found.body, message: { text, attributes: [] } });
  return { status: 204 };
}
