import { z } from 'zod';
import { Approval, Vote } from '../../ports/approvals.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import { ApprovalId, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Principal } from '../../ports/identity.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { notADecider } from '../../workflows/lib/approval-rules.ts';
import { standingOf } from '../approval-standing.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { sha256 } from '../tokens.ts';

const ApprovalInfo = Approval.omit({ workflowId: true }).meta({ id: 'ApprovalInfo' });

/**
 * With what is to be decided about: `contentHash` is the hash of exactly this content. Null once a change of the tenant's own
 * system is over: of what was written there no copy is kept here.
 */
const ApprovalDetail = ApprovalInfo.extend({
  content: z.json(),
  votes: z.array(Vote),
  /** To whom it was handed on. */
  delegates: z.array(UserId),
  /** Why the caller may not decide it now; null: they may. */
  refusal: z.string().nullable(),
}).meta({ id: 'ApprovalDetail' });

const ByLink = z
  .strictObject({ token: z.string().regex(/^[\w-]{43}$/, 'is what stands behind `#token=` of the link') })
  .meta({ id: 'ApprovalLink' });

const JwkSet = z.strictObject({ keys: z.array(z.record(z.string(), z.json())) }).meta({ id: 'JwkSet' });

const info = ({ workflowId: _, ...approval }: Approval) => approval;

const refusalOf = (
  approval: Approval,
  { delegates, voters }: { delegates: UserId[]; voters: UserId[] },
  by: Principal,
) => {
  if (approval.state !== 'pending') return 'This is over.';
  const refused = notADecider({ ...approval, delegates, voters }, by);
  if (refused) return refused.message;
  return voters.includes(by.userId) ? 'You have given your word; others are waited for.' : null;
};

const detail = async ({ ports }: ApiDeps, tenantId: TenantId, id: ApprovalId, by: Principal) => {
  const { approval, votes, delegates, voters } = await standingOf(ports, tenantId, id);
  const content = await ports.content.get(tenantId, approval.contentId).catch((error: unknown) => {
    if (isFault(error, 'not_found') && approval.state !== 'pending') return null;
    throw error;
  });
  return { ...info(approval), content, votes, delegates, refusal: refusalOf(approval, { delegates, voters }, by) };
};

export const approvalRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/approvals',
    summary: 'What waits for a person, and what was decided',
    description: '`mine=true`: what the caller may decide now, the oldest first. Without it all, the newest first.',
    may: 'viewDashboard',
    within: 'tenant',
    query: PageQuery.extend({ state: Approval.shape.state.optional(), mine: z.stringbool().optional() }),
    reply: { status: 200, schema: pageOf(ApprovalInfo) },
    async handle({ query: { state, mine, ...page }, tenantId, principal }) {
      const id = (approval: { id: string }) => approval.id;
      if (mine !== true) return paginate((await deps.ports.approvals.list(tenantId, state)).map(info), page, id);
      const waiting = state === undefined || state === 'pending' ? await deps.ports.approvals.waiting(tenantId) : [];
      const own = waiting.filter(({ approval, ...said }) => refusalOf(approval, said, principal) === null);
      return paginate(
        own.map(({ approval }) => info(approval)),
        page,
        id,
      );
    },
  }),
  route({
    method: 'get',
    path: '/approvals/:id',
    summary: 'One approval with the content that is to be decided about, and who said what of it',
    may: 'viewDashboard',
    within: 'tenant',
    params: z.strictObject({ id: ApprovalId }),
    reply: { status: 200, schema: ApprovalDetail },
    handle: ({ params, tenantId, principal }) => detail(deps, tenantId, params.id, principal),
  }),
  route({
    method: 'post',
    path: '/approvals/links',
    summary: 'What the link in a letter is about; each link works once',
    description: 'The token is what stands behind `#token=`. It opens nothing without a login of the same tenant.',
    may: 'decideApprovals',
    within: 'tenant',
    body: ByLink,
    reply: { status: 200, schema: ApprovalDetail },
    async handle({ body, tenantId, principal }) {
      const id = await deps.ports.approvals.useLink(tenantId, sha256(body.token), principal.userId);
      if (id !== null) return detail(deps, tenantId, id, principal);
      throw new Fault('not_found', 'This link was used already or has lapsed; look for the approval in your inbox.');
    },
  }),
  route({
    method: 'get',
    path: '/receipts/keys',
    summary: 'The keys by which receipts are verified, as a JWK Set',
    may: 'public',
    within: 'nobody',
    reply: { status: 200, schema: JwkSet },
    handle: () => deps.ports.receipts.keys(),
  }),
];
