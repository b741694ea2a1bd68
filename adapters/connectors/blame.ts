import { Fault } from '../../ports/errors.ts';
import type { FaultCode } from '../../ports/errors.ts';
import type { DeclaredMethod } from './auth-methods.ts';

const REFUSED = new Set<FaultCode>(['credential_rejected', 'grant_revoked']);

/** The same fault, with the field that the person is to look at. */
export const blaming = (fault: Fault, path: string): Fault => {
  const { code, message, retryAfterMs, providerCode } = fault;
  return new Fault(code, message, {
    cause: fault,
    fields: [{ path, message }],
    providerCode,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
};

/** A vendor seldom says what it refuses. Where one secret was typed in, and no other, it is that one. */
export const blameSecret =
  ({ fields }: DeclaredMethod) =>
  (error: unknown): never => {
    const [only, ...others] = fields.filter(({ secret }) => secret);
    const refused = error instanceof Fault && error.fields.length === 0 && REFUSED.has(error.code);
    throw refused && only && others.length === 0 ? blaming(error, only.name) : error;
  };
