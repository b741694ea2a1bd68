import type { Approval, Vote } from '../ports/approvals.ts';
import type { ApprovalId, TenantId, UserId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';

export interface WhatWasSaid {
  approval: Approval;
  votes: Vote[];
  delegates: UserId[];
  /** Who has given their word on what is shown now. */
  voters: UserId[];
}

/** One approval with everything that was said about it. */
export const standingOf = async (
  { approvals }: Pick<Ports, 'approvals'>,
  tenantId: TenantId,
  id: ApprovalId,
): Promise<WhatWasSaid> => {
  const approval = await approvals.get(tenantId, id);
  const [votes, delegates] = await Promise.all([approvals.votes(tenantId, id), approvals.delegates(tenantId, id)]);
  const about = votes.filter(({ kind, givenHash }) => kind !== 'reject' && givenHash === approval.contentHash);
  return { approval, votes, delegates, voters: [...new Set(about.map(({ userId }) => userId))] };
};
