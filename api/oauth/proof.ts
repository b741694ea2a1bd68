import { z } from 'zod';
import { isFault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { ApiDeps } from '../deps.ts';

/** What is held behind the staging door from the beginning of an authorization to its end. */
export interface Held {
  /** As the vendor's adapter gave it: a PKCE verifier, OAuth 1.0a's request token with its secret. */
  proof: SecretValues;
  acceptOtherAccount: boolean;
  /** The connect session that began it. */
  sessionId: string | null;
}

const Proof = z.record(z.string(), z.string());

export const holdProof = async (
  { ports }: ApiDeps,
  workflowId: string,
  { proof, acceptOtherAccount, sessionId }: Held,
): Promise<string> => {
  const { staged } = await ports.staging.stage(workflowId, {
    proof: JSON.stringify(proof),
    acceptOtherAccount: String(acceptOtherAccount),
    sessionId: sessionId ?? '',
  });
  return staged;
};

/** Null once it was thrown away: the authorization has had its outcome, or took too long. */
export const openProof = async ({ ports }: ApiDeps, workflowId: string, staged: string): Promise<Held | null> => {
  try {
    const { proof = '{}', acceptOtherAccount, sessionId } = await ports.staging.open({ staged }, workflowId);
    return {
      proof: Proof.parse(JSON.parse(proof)),
      acceptOtherAccount: acceptOtherAccount === 'true',
      sessionId: sessionId || null,
    };
  } catch (error) {
    if (isFault(error, 'not_found')) return null;
    throw error;
  }
};

export const dropProof = ({ ports, log }: ApiDeps, staged: string): Promise<void> =>
  ports.staging.discard({ staged }).catch((err: unknown) => {
    log.warn({ err }, 'the proof of an authorization could not be thrown away; it lapses by itself');
  });
