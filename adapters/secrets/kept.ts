import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { ROTATED_CLASSES, rotateByDefault, UNROTATED } from '../../ports/secret-classes.ts';
import type { NewSecretMeta, SecretMeta, SecretValues } from '../../ports/secrets.ts';

/** What data folders of the first builds call them. */
const FORMER: Record<string, string> = {
  'platform-key': 'payload_codec_key',
  oauth_app: 'oauth_client_secret',
  'notification-channel': 'notification_channel',
  webhook_signing_key: 'webhook_signing_secret',
};

const Class = z
  .string()
  .transform((name) => FORMER[name] ?? name)
  .pipe(z.enum([...ROTATED_CLASSES, ...UNROTATED]));

const Kept = z.object({
  values: z.record(z.string(), z.string()),
  meta: z.object({
    class: Class,
    createdBy: z.string(),
    createdAt: z.string(),
    rotateBy: z.string().exactOptional(),
    boundTo: z.string().exactOptional(),
    expiresAt: z.string().exactOptional(),
  }),
});

/** One version as a store keeps it: what it says, and everything that is known of it. */
export interface Kept {
  values: SecretValues;
  meta: SecretMeta;
}

/** Made at `createdAt` (ISO 8601), now unless said, and due by the default policy of its class. */
export const keptAs = (values: SecretValues, meta: NewSecretMeta, createdAt = new Date().toISOString()): Kept => {
  const rotateBy = rotateByDefault(meta.class, createdAt);
  return { values, meta: { ...meta, createdAt, ...(rotateBy === undefined ? {} : { rotateBy }) } };
};

export const writeKept = ({ values, meta }: Kept): string => JSON.stringify({ values, meta });

/** Zod’s and JSON’s own words may hold parts of what they refuse, so none of them is passed on. */
export const readKept = (text: string): Kept => {
  const parsed = Kept.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new Fault(
    'unavailable',
    'A secret was written by another version of this program; start that one, or destroy the secret and enter it again.',
  );
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
