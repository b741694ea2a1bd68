import type { z } from 'zod';
import { Fault } from '../ports/errors.ts';
import type { FieldError } from '../ports/errors.ts';

const FIELDS_MAX = 20;

const dotted = (path: PropertyKey[]) => path.map((part) => String(part).slice(0, 100)).join('.');

const fieldsOf = (error: z.ZodError): FieldError[] =>
  error.issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({ path: dotted([...issue.path, key]), message: 'unknown field; remove it' }))
        : [{ path: dotted(issue.path), message: issue.message }],
    )
    .slice(0, FIELDS_MAX);

/** What a caller sent, in the schema's shape, or a fault that names each refused field and never repeats its value. */
export const check = <S extends z.ZodType>(schema: S, given: unknown, where: string): z.output<S> => {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const fields = fieldsOf(result.error);
  const named = fields.map(({ path }) => path).filter(Boolean);
  throw new Fault(
    'invalid_request',
    `The ${where} is not valid${named.length > 0 ? `: check ${named.slice(0, 5).join(', ')}` : ''}.`,
    { fields },
  );
};
