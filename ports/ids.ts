import { z } from 'zod';

export const TenantId = z.uuid().brand<'TenantId'>();
export type TenantId = z.infer<typeof TenantId>;
export const UserId = z.uuid().brand<'UserId'>();
export type UserId = z.infer<typeof UserId>;
/** Whom an operation names that no person started. */
export const SCHEDULE = UserId.parse('00000000-0000-0000-0000-000000000000');
export const ConnectionId = z.uuid().brand<'ConnectionId'>();
export type ConnectionId = z.infer<typeof ConnectionId>;
export const OperationId = z.uuid().brand<'OperationId'>();
export type OperationId = z.infer<typeof OperationId>;
export const ApprovalId = z.uuid().brand<'ApprovalId'>();
export type ApprovalId = z.infer<typeof ApprovalId>;
/** One run of a sync, an agent or a crew. */
export const RunId = z.uuid().brand<'RunId'>();
export type RunId = z.infer<typeof RunId>;

/** The tenant that owns what belongs to no tenant: platform operations, platform audit. */
export const PLATFORM = 'platform';
/** Whose rows a transaction may touch. */
export type Scope = TenantId | typeof PLATFORM;

export const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase())
  .brand<'Email'>();
export type Email = z.infer<typeof Email>;

/** PostgreSQL text refuses NUL and silently changes lone surrogates, so both are refused at the edge. */
export const Text = z.string().refine((text) => !text.includes('\0') && text.isWellFormed(), {
  message: 'contains a NUL byte or half a surrogate pair; remove it',
});
