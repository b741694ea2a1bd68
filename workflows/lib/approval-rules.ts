import type { Approval, ApprovalPolicy, Decision } from '../../ports/approvals.ts';
import type { UserId } from '../../ports/ids.ts';
import type { Role } from '../../ports/identity.ts';

/** An approval as it stands: all that is judged by. */
export interface Standing extends Pick<Approval, 'kind' | 'policy' | 'requestedBy' | 'level' | 'contentHash'> {
  delegates: readonly UserId[];
  /** Who has given their word on what is shown now. */
  voters: readonly UserId[];
}

/** Why something is not taken: a code of `FAULTS` and a sentence for the one who asked. */
export interface Refusal {
  code: 'forbidden' | 'conflict' | 'approval_stale' | 'invalid_request';
  message: string;
}

export interface Actor {
  userId: UserId;
  role: Role;
}

/** In the order in which they come. */
export const escalationsOf = ({ escalations = [] }: ApprovalPolicy) =>
  [...escalations].sort((one, other) => one.afterMs - other.afterMs);

/** The roles that may decide after so many escalations. */
export const rolesAt = (policy: ApprovalPolicy, level: number): Role[] => [
  ...new Set([policy.roles, ...escalationsOf(policy).map(({ roles }) => roles)].slice(0, level + 1).flat()),
];

/** How many different people must say yes. An answer to a question needs no second one. */
export const quorumOf = ({ kind, policy }: Pick<Standing, 'kind' | 'policy'>): number =>
  kind === 'question' ? 1 : (policy.quorum ?? 1);

/** Why this person may not decide at all; null: they may. */
export const notADecider = (standing: Standing, { userId, role }: Actor): Refusal | null => {
  const { policy, level, delegates, requestedBy } = standing;
  if (policy.fourEyes === true && requestedBy === userId) {
    return { code: 'forbidden', message: 'Somebody else decides about what you asked for yourself.' };
  }
  const roles = rolesAt(policy, level);
  if (roles.includes(role) || policy.users?.includes(userId) === true || delegates.includes(userId)) return null;
  return { code: 'forbidden', message: `This is decided by ${roles.join(' or ')}.` };
};

const ANSWERS = { decision: ['approve', 'edit', 'reject'], question: ['respond', 'reject'] } as const;

/** Why this decision is not taken; null: it is. The API asks first, and the workflow, which alone knows all, again. */
export const whyNot = (
  standing: Standing,
  { kind, contentHash, actor }: Pick<Decision, 'kind' | 'contentHash' | 'actor'>,
): Refusal | null => {
  const refused = notADecider(standing, actor);
  if (refused) return refused;
  const answers: readonly Decision['kind'][] = ANSWERS[standing.kind];
  if (!answers.includes(kind)) {
    return { code: 'invalid_request', message: `This is a ${standing.kind}: ${answers.join(' or ')} it.` };
  }
  if (contentHash !== standing.contentHash) {
    const message = 'This decision is about other content than is shown now; read it again.';
    return { code: 'approval_stale', message };
  }
  if (standing.voters.includes(actor.userId) && kind === 'approve') {
    return { code: 'conflict', message: 'You have given your word on this; others are waited for.' };
  }
  return null;
};
