import { randomBytes } from 'node:crypto';
import { TenantId } from '../../ports/ids.ts';

const ID_BYTES = 16;
const RANDOM_BYTES = 32;

/** The `state` of one authorization: unguessable, and it says in whose rows to look for its transaction. */
export const newState = (tenantId: TenantId): string =>
  Buffer.concat([Buffer.from(tenantId.replaceAll('-', ''), 'hex'), randomBytes(RANDOM_BYTES)]).toString('base64url');

/** The tenant that a state claims; null when the text cannot be a state of ours. */
export const tenantOfState = (state: string): TenantId | null => {
  if (!/^[\w-]{64}$/.test(state)) return null;
  const hex = Buffer.from(state, 'base64url').subarray(0, ID_BYTES).toString('hex');
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  return TenantId.safeParse(id).data ?? null;
};
