import type { ApprovalPolicy } from '../../ports/approvals.ts';
import { local } from './activities.ts';
import { escalationsOf } from './approval-rules.ts';

/** When what is due, in milliseconds since 1970. Escalations in the order in which they come. */
export interface DueTimes {
  remindAt: number;
  escalateAt: number[];
  deadlineAt: number;
}

export interface Rung {
  at: number;
  kind: 'remind' | 'escalate' | 'deadline';
}

/** Business hours are reckoned outside: what a time zone does is data, which a later version knows better. */
export const dueTimes = async (policy: ApprovalPolicy, from: number): Promise<DueTimes> =>
  policy.businessHours
    ? local.businessDueTimes(policy, from)
    : {
        remindAt: from + policy.remindAfterMs,
        escalateAt: escalationsOf(policy).map(({ afterMs }) => from + afterMs),
        deadlineAt: from + policy.deadlineMs,
      };

/** What happens while nobody decides, in order; the deadline ends it, and what would come later does not come. */
export const ladderOf = ({ remindAt, escalateAt, deadlineAt }: DueTimes): Rung[] => [
  ...[
    { at: Math.min(remindAt, deadlineAt), kind: 'remind' as const },
    ...escalateAt.filter((at) => at < deadlineAt).map((at) => ({ at, kind: 'escalate' as const })),
  ].sort((one, other) => one.at - other.at),
  { at: deadlineAt, kind: 'deadline' },
];
