/**
 * The kinds of secrets there are, and how those that are rotated are: the policy table before a platform admin changes it.
 * No zod here: workflow code may import this.
 */
export interface RotationDefaults {
  /** Days after which a version is due; null: only when somebody asks. */
  everyDays: number | null;
  /** How long the predecessor stays accepted after the cut-over. */
  overlapHours: number;
  /** Who is asked where the issuer has no API for it, or where something is left for a person. */
  asks: 'platform' | 'tenant';
}

const DAY = 24;

export const ROTATED = {
  oauth_client_secret: { everyDays: 180, overlapHours: 3 * DAY, asks: 'platform' },
  webhook_signing_secret: { everyDays: 180, overlapHours: 3 * DAY, asks: 'tenant' },
  vendor_api_key: { everyDays: 90, overlapHours: DAY, asks: 'tenant' },
  vault_secret_id: { everyDays: 30, overlapHours: DAY, asks: 'platform' },
  database_password: { everyDays: 90, overlapHours: DAY, asks: 'platform' },
  // As long as Temporal keeps histories, so that whoever looks at an old one can read it.
  payload_codec_key: { everyDays: 180, overlapHours: 90 * DAY, asks: 'platform' },
  // Longer than any token that it signed lives.
  jwt_signing_key: { everyDays: 90, overlapHours: DAY, asks: 'platform' },
} as const satisfies Record<string, RotationDefaults>;
export type RotatedClass = keyof typeof ROTATED;

/**
 * Never rotated by a policy: renewed by their connection, replaced by a person, gone within minutes, or (the keys of
 * digests and of receipts) needed for what they made before.
 */
export const UNROTATED = [
  'oauth_tokens',
  'credential',
  'notification_channel',
  'rotation',
  'staged',
  'moved',
  'digest_key',
  'receipt_key',
] as const;

export type SecretClass = RotatedClass | (typeof UNROTATED)[number];

export const ROTATED_CLASSES = Object.keys(ROTATED) as RotatedClass[];
export const isRotated = (secretClass: string): secretClass is RotatedClass => Object.hasOwn(ROTATED, secretClass);

const DAY_MS = 24 * 60 * 60 * 1000;

/** When a version made at `createdAt` (ISO 8601) is due by its class's default; undefined where no policy asks. */
export const rotateByDefault = (secretClass: SecretClass, createdAt: string): string | undefined => {
  const days = isRotated(secretClass) ? ROTATED[secretClass].everyDays : null;
  return days === null ? undefined : new Date(Date.parse(createdAt) + days * DAY_MS).toISOString();
};
