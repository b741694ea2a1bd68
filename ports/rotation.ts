import { z } from 'zod';
import { OperationId } from './ids.ts';
import type { Scope } from './ids.ts';
import { ROTATED_CLASSES } from './secret-classes.ts';
import type { RotatedClass } from './secret-classes.ts';
import type { SecretValues } from './secrets.ts';

export const RotatedClassName = z.enum(ROTATED_CLASSES as [RotatedClass, ...RotatedClass[]]);

/** One secret that is rotated. `subject` names it within its class and scope: a connector, a connection, a channel, `app`. */
export interface RotationTarget {
  scope: Scope;
  secretClass: RotatedClass;
  subject: string;
}

/** One rotation of one secret. `rotationId` names it at the issuer too, so that a second attempt finds what the first made. */
export interface RotationRef extends RotationTarget {
  rotationId: string;
}

/** What there is to rotate, and how old it is. Read from the secret store itself, never a value. */
export interface RotationCandidate extends RotationTarget {
  /** Since when the version in use is; ISO 8601. */
  since: string;
}

/** `person`: the issuer has no API for it, so somebody pastes the successor. `null` and `why`: nothing to rotate here. */
export type RotationPlan = { by: 'platform' | 'person'; ask: string | null } | { by: null; why: string };

/**
 * How one class of secrets is rotated. Every method is idempotent by `rotationId` and may be called again after a crash at
 * any line (catalogue C11): what an attempt left at the issuer is found by that id and used, or undone, first.
 * Faults say who can mend it; `unavailable` and `provider_down` are tried again.
 */
export interface Rotator {
  targets: (scope: Scope) => Promise<RotationCandidate[]>;
  plan: (target: RotationTarget) => Promise<RotationPlan>;
  /** Makes the successor, or takes the one `given`, and keeps it beside the one in use. From here on both are accepted. */
  create: (ref: RotationRef, given: SecretValues | null) => Promise<void>;
  /** A real call with the successor. Throws when it does not work; `credential_rejected` and the like are final. */
  verify: (ref: RotationRef) => Promise<void>;
  /** Everyone uses the successor from now on; the predecessor is still accepted. */
  cutOver: (ref: RotationRef) => Promise<void>;
  /** A sentence that names what still needs the predecessor; null: nothing does. Asked after the overlap, until null. */
  neededBy: (ref: RotationRef) => Promise<string | null>;
  /** The predecessor is accepted no more. `left`: what only a person can do, as a sentence. */
  revoke: (ref: RotationRef) => Promise<{ left: string | null }>;
  /** From any step before `revoke`: the predecessor is in use as before, the successor is gone. Silent when nothing was made. */
  rollBack: (ref: RotationRef) => Promise<void>;
}

/** The rotators of all classes behind one door. `unsupported` for a class that this deployment has no use of. */
export type RotationPort = Omit<Rotator, 'targets'> & {
  targets: (scope: Scope, secretClass?: RotatedClass) => Promise<RotationCandidate[]>;
};

export const RotationPolicy = z
  .strictObject({
    secretClass: RotatedClassName,
    /** Days; null: only when somebody asks. */
    everyDays: z.number().int().min(1).max(3650).nullable(),
    overlapHours: z.number().int().min(0).max(8760),
    asks: z.enum(['platform', 'tenant']),
    enabled: z.boolean(),
  })
  .meta({ id: 'RotationPolicy' });
export type RotationPolicy = z.infer<typeof RotationPolicy>;

const DAY_MS = 24 * 60 * 60 * 1000;

/** When what is in use since `since` (ISO 8601) is due, in milliseconds since 1970; null: not by this policy. */
export const dueAtMs = ({ everyDays, enabled }: Pick<RotationPolicy, 'everyDays' | 'enabled'>, since: string) =>
  enabled && everyDays !== null ? Date.parse(since) + everyDays * DAY_MS : null;

export const ROTATION_STEPS = ['asking', 'creating', 'verifying', 'cutting_over', 'observing', 'revoking'] as const;

export const Rotation = z
  .strictObject({
    id: z.uuid(),
    operationId: OperationId.nullable(),
    scope: z.string(),
    secretClass: RotatedClassName,
    subject: z.string(),
    step: z.enum(ROTATION_STEPS),
    /** `rotated`; `rolled_back`: the old one is in use as before; `kept`: nothing was changed. */
    outcome: z.enum(['running', 'rotated', 'rolled_back', 'kept']),
    /** What is waited for, went wrong, or is left for a person; null: nothing. */
    message: z.string().nullable(),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Rotation' });
export type Rotation = z.infer<typeof Rotation>;

export interface RotationStore {
  /** All classes, each with its default where nobody changed it. */
  policies: () => Promise<RotationPolicy[]>;
  setPolicy: (policy: RotationPolicy) => Promise<void>;
  /** Creates the row or moves it on. Idempotent; an ended one stays. */
  record: (ref: RotationRef, at: Pick<Rotation, 'step' | 'outcome' | 'message' | 'operationId'>) => Promise<void>;
  /** The newest rotation of each secret of the scope. */
  latest: (scope: Scope) => Promise<Rotation[]>;
  get: (scope: Scope, id: string) => Promise<Rotation>;
}
