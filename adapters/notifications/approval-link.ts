import { randomBytes } from 'node:crypto';
import type { ApprovalStore } from '../../ports/approvals.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { Scope } from '../../ports/ids.ts';
import type { Note } from '../../ports/notifications.ts';

const TOKEN_BYTES = 32;

/**
 * The path that a letter about this note shows. Of an approval it ends in a token that opens it once, for somebody who logs in
 * besides: `POST /approvals/links` uses it. It stands behind `#`, which browsers send to nobody, and of it only the hash is kept.
 */
export const createLinks =
  (approvals: Pick<ApprovalStore, 'get' | 'putLink'>, hash: (text: string) => string) =>
  async (scope: Scope, { link, approvalId }: Note): Promise<string> => {
    if (approvalId === undefined || scope === PLATFORM) return link;
    const { state, deadlineAt } = await approvals.get(scope, approvalId);
    if (state !== 'pending') return link;
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    await approvals.putLink(scope, approvalId, hash(token), deadlineAt);
    return `${link}#token=${token}`;
  };
