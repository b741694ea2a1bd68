import { CancellationScope, defineQuery, setHandler } from '@temporalio/workflow';
import type { Account, AppDetails } from '../activities/apps.ts';
import type { GivenKey } from '../activities/model-keys.ts';
import type { Scope, UserId } from '../ports/ids.ts';
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
    | { kind: 'oauth_app'; connectorId: string; app: AppDetails; staged: StagedRef; keep: boolean }
    /** A tenant's own key at a model provider: kept when it is good. Staged: `apiKey`, and what else that provider needs. */
    | ({ kind: 'model_key'; actor: UserId } & GivenKey);
}

export interface Verified {
  /** Whose the credential is; null for an application and for a key to models. */
  account: Account | null;
  /** False: this vendor cannot be asked whether it knows an application. */
  tested: boolean;
  kept: boolean;
}

export const progressQuery = defineQuery<'testing' | 'tested'>(MESSAGES.progress);

/** Tests a credential that a person typed, our application at a vendor, or a key to models, by a real call. What is refused is never kept. */
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
  if (subject.kind === 'model_key') {
    const { tenantId, service, staged: typed, kept } = subject;
    const key = { tenantId, service, staged: typed, kept };
    await interactive.testModelKey(key);
    await own.keepModelKey(key, subject.actor);
    return { account: null, tested: true, kept: true };
  }
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
