import { z } from 'zod';
import type { Row } from '../../ports/connectors.ts';

/** An item turned into a row, or what of it does not fit. */
export type Judged = { row: Row } | { misfits: z.core.$ZodIssue[] };

/** A field that is a text or a yes or no, and nothing more is said of it. */
interface Simple {
  name: string;
  type: 'string' | 'boolean';
  orNull: boolean;
}

/**
 * What the vendor sent as one of our rows: judged by `raw`, mapped, and judged by `ours`. Most of our fields are simple; asking a
 * schema for each of them again would cost more than all the rest of a page, so they are looked at here, and the schema judges
 * the others, and all of a row that does not fit. May throw what `map` throws.
 */
export function judging(raw: z.ZodType, map: (item: unknown) => Row, ours: z.ZodType<Row>): (item: unknown) => Judged {
  const { simple, rest } = apart(ours);
  return (item) => {
    const theirs = raw.safeParse(item);
    if (!theirs.success) return { misfits: theirs.error.issues };
    const row = map(theirs.data);
    const isSimple = areSimple(row, simple);
    if (isSimple && rest === null) return { row };
    const judged = (isSimple && rest ? rest : ours).safeParse(row);
    return judged.success ? { row: { ...row, ...judged.data } } : { misfits: judged.error.issues };
  };
}

function areSimple(row: Row, fields: Simple[]): boolean {
  for (const { name, type, orNull } of fields) {
    const value = row[name];
    if (typeof value !== type && !(orNull && value === null)) return false;
  }
  return true;
}

/** The simple fields, and a schema of the others; null where there are none. */
function apart(ours: z.ZodType<Row>): { simple: Simple[]; rest: z.ZodType<Partial<Row>> | null } {
  // What a schema says of a row as a whole is its own to judge.
  const isOpen = ours instanceof z.ZodObject && ours.def.catchall instanceof z.ZodUnknown && !hasChecks(ours);
  if (!isOpen) return { simple: [], rest: ours };
  const shape: Record<string, z.ZodType> = ours.shape;
  const fields = Object.entries(shape);
  const simple = fields.flatMap(([name, field]) => simpleOf(name, field) ?? []);
  const others = fields.filter(([name, field]) => simpleOf(name, field) === null);
  return { simple, rest: others.length === 0 ? null : z.object(Object.fromEntries(others)) };
}

function simpleOf(name: string, field: z.ZodType): Simple | null {
  const orNull = field instanceof z.ZodNullable;
  const inner: z.ZodType = orNull ? (field as z.ZodNullable<z.ZodType>).unwrap() : field;
  if (hasChecks(field) || hasChecks(inner)) return null;
  const isText = inner instanceof z.ZodString && !inner.def.coerce && !('format' in inner.def);
  if (isText) return { name, type: 'string', orNull };
  return inner instanceof z.ZodBoolean ? { name, type: 'boolean', orNull } : null;
}

const hasChecks = ({ def }: z.ZodType): boolean => ((def as { checks?: unknown[] }).checks ?? []).length > 0;
