import { CancellationScope, defineQuery, setHandler } from '@temporalio/workflow';
import type { Account, AppDetails } from '../activities/apps.ts';
import type { Scope } from '../ports/ids.ts';
import { MESSAGES } from '../ports/operations.ts';
import type { StagedRef } from '../ports/secrets.ts';
import { interactive, own } from './lib/activities.ts';
import { asFailure } from './lib/failures.ts';

export interface VerifyInput {
  scope: Scope;
  /** Who asks, for the audit log. */
  actor?: string;
  subject:
    | {
        kind: 'credential';
        connectorId: string;
        methodId: string;
        settings: Record<string, string>;
        staged: StagedRef;
      }
    /** Staged: `client_secret`. `keep`: it replaces what is known of this connector's application. */
    | { kind: 'oauth_app'; connectorId: string; app: AppDetails; staged: StagedRef; keep: boolean };
}

export interface Verified {
  /** Whose the credential is; null for an application. */
  account: Account | null;
  /** False: this vendor cannot be asked whether it knows an application. */
  tested: boolean;
  kept: boolean;
}

export const progressQuery = defineQuery<'testing' | 'tested'>(MESSAGES.progress);

/** Tests a credential that a person typed, or our application at a vendor, by a real call. What is refused is never kept. */
export async function verifyCredential({ subject, actor = 'platform' }: VerifyInput): Promise<Verified> {
  let stage: 'testing' | 'tested' = 'testing';
  setHandler(progressQuery, () => stage);
  try {
    const verified = await verify(subject, actor);
    stage = 'tested';
    return verified;
  } catch (error) {
    throw asFailure(error);
  } finally {
    await CancellationScope.nonCancellable(() => own.discardStaged(subject.staged));
  }
}

async function verify(subject: VerifyInput['subject'], actor: string): Promise<Verified> {
  const { connectorId, staged } = subject;
  if (subject.kind === 'credential') {
    const { methodId, settings } = subject;
    return {
      account: await interactive.verifyStaged({ connectorId, methodId, settings }, staged),
      tested: true,
      kept: false,
    };
  }
  const tested = await interactive.testApp(connectorId, subject.app.clientId, staged);
  if (subject.keep) await own.keepApp(connectorId, subject.app, staged, actor);
  return { account: null, tested, kept: subject.keep };
}
