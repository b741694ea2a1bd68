import { ApplicationFailure } from '@temporalio/workflow';
import type { Decision } from '../../ports/approvals.ts';
import type { UserId } from '../../ports/ids.ts';
import type { ApprovalInput, Delegation } from './approval-messages.ts';
import { notADecider, quorumOf, whyNot } from './approval-rules.ts';
import type { Refusal, Standing } from './approval-rules.ts';

/** Who may hand it on to how many: more would make four eyes a crowd. */
const DELEGATES_MAX = 20;

const refuse = (refusal: Refusal | null): void => {
  if (refusal) throw ApplicationFailure.nonRetryable(refusal.message, refusal.code);
};

/** What was said about one approval so far. All of it synchronous: whoever comes next is judged against it. */
export const createBallot = ({ kind = 'decision', policy, requestedBy = null, content }: ApprovalInput) => {
  let shown = { id: content.id, sha256: content.sha256 };
  let level = 0;
  let decision: Decision | undefined;
  let ended = false;
  const delegates: UserId[] = [];
  const yes: { userId: UserId; about: string }[] = [];

  const voters = () => yes.filter(({ about }) => about === shown.sha256).map(({ userId }) => userId);
  const standing = (): Standing => ({
    ...{ kind, policy, requestedBy, level, delegates },
    ...{ contentHash: shown.sha256, voters: voters() },
  });
  const isOpen = (): void => {
    if (!decision && !ended) return;
    throw ApplicationFailure.nonRetryable('this was already decided, or nobody decided in time', 'approval_closed');
  };

  return {
    /** Throws why this decision is not taken. */
    judge: (given: Decision): void => {
      isOpen();
      refuse(whyNot(standing(), given));
    },
    /** An edit takes the place of what was shown: what others said was about something else, and they are asked again. */
    take: (given: Decision): void => {
      const about = given.givenHash ?? given.contentHash;
      if (given.kind === 'edit') shown = { id: given.contentId, sha256: about };
      const { userId } = given.actor;
      if (given.kind !== 'reject' && !voters().includes(userId)) yes.push({ userId, about });
      if (given.kind === 'reject' || given.kind === 'respond' || missing() === 0) decision = given;
    },
    judgeDelegation: ({ to, by }: Delegation): void => {
      isOpen();
      refuse(notADecider(standing(), by));
      if (policy.fourEyes === true && requestedBy === to) {
        throw ApplicationFailure.nonRetryable('whoever asked for this may not decide it', 'forbidden');
      }
      if (!delegates.includes(to) && delegates.length >= DELEGATES_MAX) {
        throw ApplicationFailure.nonRetryable(`this was handed on ${DELEGATES_MAX} times already`, 'conflict');
      }
    },
    delegate: ({ to }: Delegation): void => void (delegates.includes(to) || delegates.push(to)),
    escalate: (): number => (level += 1),
    /** Time is up: nothing more is taken. */
    end: (): void => void (ended = true),
    ended: () => ended,
    shown: () => shown,
    level: () => level,
    delegates: (): readonly UserId[] => delegates,
    missing: () => missing(),
    decision: () => decision,
  };

  function missing(): number {
    return Math.max(quorumOf({ kind, policy }) - voters().length, 0);
  }
};

export type Ballot = ReturnType<typeof createBallot>;
