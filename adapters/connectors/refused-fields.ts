import type { z } from 'zod';
import type { FieldError } from '../../ports/errors.ts';

/** Which fields did not fit and why, without the values themselves. */
export const refusedFields = ({ issues }: z.ZodError): FieldError[] =>
  issues.map(({ path, message }) => ({ path: path.join('.'), message }));
