import { z } from 'zod';
import type { Row } from '../../ports/connectors.ts';

/** An item turned into a row, or what of it does not fit. */
export type Judged = { row: Row } | { misfits: z.core.$ZodIssue[] };

/**
 * What the vendor sent as one of our rows: judged by `raw`, mapped, and judged by `ours` where the compiler cannot. That a field
 * is a text, yes or no, or nothing it proves of `map`; that a number is one or a text an amount it does not, and those fields
 * alone are looked at again: a second look at every field would cost more than all the rest of a page. May throw what `map` throws.
 */
export function judging(raw: z.ZodType, map: (item: unknown) => Row, ours: z.ZodType<Row>): (item: unknown) => Judged {
  const rest = unproven(ours);
  return (item) => {
    const theirs = raw.safeParse(item);
    if (!theirs.success) return { misfits: theirs.error.issues };
    const row = map(theirs.data);
    if (rest === null) return { row };
    const judged = rest.safeParse(row);
    return judged.success ? { row: { ...row, ...judged.data } } : { misfits: judged.error.issues };
  };
}

/** A schema of the fields that types do not prove; null where there are none. */
function unproven(ours: z.ZodType<Row>): z.ZodType<Partial<Row>> | null {
  const isOpen = ours instanceof z.ZodObject && ours.def.catchall instanceof z.ZodUnknown && !hasChecks(ours);
  if (!isOpen) return ours;
  const doubtful = Object.entries(ours.shape as Record<string, z.ZodType>).filter(([, field]) => !isProven(field));
  return doubtful.length === 0 ? null : z.object(Object.fromEntries(doubtful));
}

const isProven = (field: z.ZodType): boolean =>
  !hasChecks(field) &&
  (field instanceof z.ZodNullable
    ? isProven(field.unwrap() as z.ZodType)
    : (field instanceof z.ZodString && field.def.type === 'string') || field instanceof z.ZodBoolean);

const hasChecks = ({ def }: z.ZodType): boolean => ((def as { checks?: unknown[] }).checks ?? []).length > 0;
