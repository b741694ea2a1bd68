import { z } from 'zod';
import { Approval, Vote } from '../../ports/approvals.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import { ApprovalId, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Principal } from '../../ports/identity.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { notADecider, rolesAt } from '../../workflows/lib/approval-rules.ts';
import type { WhatWasSaid } from '../approval-standing.ts';
import { standingOf } from '../approval-standing.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { seesAllRuns } from '../seen-run.ts';
import { sha256 } from '../tokens.ts';

const ApprovalInfo = Approval.omit({ workflowId: true }).meta({ id: 'ApprovalInfo' });

/**
 * With what is to be decided about: `contentHash` is the hash of exactly this content. Null for those whom it does not concern,
 * and once a change of the tenant's own system is over: of what was written there no copy is kept here.
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

/** Those who may decide it at any time, who gave their word, who asked for it, and who sees all runs. */
const concerns = ({ approval, votes, delegates }: WhatWasSaid, principal: Principal): boolean => {
  const { policy, requestedBy } = approval;
  const { userId, role } = principal;
  const people = [requestedBy, ...(policy.users ?? []), ...delegates, ...votes.map((vote) => vote.userId)];
  return seesAllRuns(principal) || people.includes(userId) || rolesAt(policy, Infinity).includes(role);
};

const detail = async ({ ports }: ApiDeps, tenantId: TenantId, id: ApprovalId, by: Principal) => {
  const standing = await standingOf(ports, tenantId, id);
  const { approval, votes, delegates, voters } = standing;
  const read = () =>
    ports.content.get(tenantId, approval.contentId).catch((error: unknown) => {
      if (isFault(error, 'not_found') && approval.state !== 'pending') return null;
      throw error;
    });
  const content = concerns(standing, by) ? await read() : null;
  return { ...info(approval), content, votes, delegates, refusal: refusalOf(approval, { delegates, voters }, by) };
};

const BATCH = 200;

/** One more than the page, for what comes after it: those that this person may decide now. */
const ownToDecide = async ({ ports }: ApiDeps, tenantId: TenantId, by: Principal, { limit, cursor }: PageQuery) => {
  const own: Approval[] = [];
  for (let after = cursor; ;) {
    const batch = await ports.approvals.waiting(tenantId, { limit: BATCH, cursor: after });
    own.push(
      ...batch.filter(({ approval, ...said }) => refusalOf(approval, said, by) === null).map((it) => it.approval),
    );
    after = batch.at(-1)?.approval.id;
    if (own.length > limit || batch.length < BATCH) return own;
  }
};

/** The cursor is the last one shown. */
const shown = (rows: Approval[], { limit }: PageQuery) => {
  const data = rows.slice(0, limit).map(info);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
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
      const more = { ...page, limit: page.limit + 1 };
      if (mine !== true) return shown(await deps.ports.approvals.list(tenantId, state, more), page);
      if (state !== undefined && state !== 'pending') return shown([], page);
      return shown(await ownToDecide(deps, tenantId, principal, page), page);
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
    description:
      'The token is what stands behind `#token=`. It opens nothing without a login of the same tenant that may decide it.',
    may: 'decideApprovals',
    within: 'tenant',
    body: ByLink,
    reply: { status: 200, schema: ApprovalDetail },
    async handle({ body, tenantId, principal }) {
      const { approvals } = deps.ports;
      const lapsed = () =>
        new Fault('not_found', 'This link was used already or has lapsed; look for the approval in your inbox.');
      const id = await approvals.linkedTo(tenantId, sha256(body.token));
      if (id === null) throw lapsed();
      const { approval, delegates, voters } = await standingOf(deps.ports, tenantId, id);
      // Whoever may not decide leaves the link to whoever may.
      const refused = notADecider({ ...approval, delegates, voters }, principal);
      if (refused) throw new Fault(refused.code, refused.message);
      if ((await approvals.useLink(tenantId, sha256(body.token), principal.userId)) === null) throw lapsed();
      return detail(deps, tenantId, id, principal);
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
