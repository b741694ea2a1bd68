import { randomBytes } from 'node:crypto';
import type { SecretValues } from '../ports/secrets.ts';
import type { WebhookInfo } from '../ports/webhooks.ts';

/** Fits where vendors take fifty characters and no more. */
const BYTES = 30;
const OVERLAP_MS = 3 * 86_400_000;
const made = (): string => randomBytes(BYTES).toString('base64url');

/** What a new endpoint proves deliveries by, and what of it a person must enter at the vendor. */
export const newProofs = ({ secret: whose, verifyToken: asked }: Pick<WebhookInfo, 'secret' | 'verifyToken'>) => {
  const secret = whose === 'endpoint' ? made() : null;
  const verifyToken = asked ? made() : null;
  const values: SecretValues = {
    ...(secret !== null && { secret }),
    ...(verifyToken !== null && { verify_token: verifyToken }),
  };
  return { values, shown: { secret, verifyToken } };
};

/** The vendor changes over when a person tells it to, so the secret before stays good for three days. */
export const keepPrevious = (values: SecretValues, secret: string): SecretValues => {
  const { secret: before, ...rest } = values;
  if (before === undefined || before === secret) return { ...rest, secret };
  return { ...rest, secret, previous: before, previous_until: new Date(Date.now() + OVERLAP_MS).toISOString() };
};
