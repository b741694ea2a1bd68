import type { z } from 'zod';
import type { FieldError } from '../../ports/errors.ts';

/** Which fields did not fit and why, without the values themselves. Fields that nobody declared are named one by one. */
export const refusedFields = ({ issues }: z.ZodError): FieldError[] =>
  issues.flatMap((issue) => {
    const named = (path: PropertyKey[], message: string) => ({ path: path.map(String).join('.'), message });
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => named([...issue.path, key], 'unknown field; remove it'))
      : [named(issue.path, issue.message)];
  });
