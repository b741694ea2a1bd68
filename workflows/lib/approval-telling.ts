import { patched } from '@temporalio/workflow';
import type { UserId } from '../../ports/ids.ts';
import type { Role } from '../../ports/identity.ts';
import { own } from './activities.ts';
import type { Ballot } from './approval-ballot.ts';
import type { ApprovalInput } from './approval-messages.ts';
import { rolesAt } from './approval-rules.ts';

/** Who hears of an approval, and when. Each fact is told once. */
export const createTelling = ({ tenantId, approvalId, subject, policy }: ApprovalInput, ballot: Ballot) => {
  const tell = async (kind: string, roles: Role[], users: readonly UserId[], key = ''): Promise<void> => {
    const note = { key: `${kind}/${approvalId}${key}`, kind, subject, link: `/api/v1/approvals/${approvalId}` };
    await own.tellOfFact(tenantId, { ...note, roles, users: [...users], approvalId });
    const above = roles.filter((role) => role === 'platform_admin' || role === 'super_admin');
    // Those who run the platform belong to no tenant, and have an inbox of their own.
    if (above.length === 0 || !patched('platform-is-told')) return;
    await own.tellOfFact('platform', { ...note, subject: `${subject} (tenant ${tenantId})`, roles: above });
  };
  const named = () => [...(policy.users ?? []), ...ballot.delegates()];
  const everyone = () => rolesAt(policy, ballot.level());
  return {
    requested: () => tell('approval.requested', policy.roles, named()),
    reminder: () => tell('approval.reminder', everyone(), named()),
    escalated: (level: number, roles: Role[]) => tell('approval.escalated', roles, [], `/${level}`),
    delegated: (to: UserId) => tell('approval.delegated', [], [to], `/${to}`),
    edited: (hash: string) => tell('approval.edited', everyone(), named(), `/${hash}`),
  };
};
