/** What may be searched by: a number or text of each record, and how it is compared. */
export type Fields<One> = Record<string, (record: One) => number | string>;

export interface SearchWarning {
  field: string;
  message: string;
  code: string;
}

const TERM = /^(?:(-)?([a-z_]+):)?(>=|<=|>|<)?(?:'([^']*)'|"([^"]*)"|(\S+))$/;

/**
 * The vendor's search syntax, as far as terms joined by `AND` or blanks go. A filter that it does not know is ignored, and
 * only a warning beside the answer says so. Times have colons in them, so that they must be quoted.
 */
export function search<One>(
  query: string,
  fields: Fields<One>,
  text: (record: One) => string,
): { fits: (record: One) => boolean; warnings: SearchWarning[] } {
  const tests: ((record: One) => boolean)[] = [];
  const warnings: SearchWarning[] = [];
  for (const term of query.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []) {
    if (term === 'AND') continue;
    const [, not, name, sign = '', single, double, bare] = TERM.exec(term) ?? [];
    const value = single ?? double ?? bare ?? '';
    if (name === undefined) {
      tests.push((record) => text(record).toLowerCase().includes(value.toLowerCase()));
      continue;
    }
    const read = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const wanted = name.endsWith('_at') ? Date.parse(value) : value;
    if (!read || Number.isNaN(wanted) || (bare !== undefined && bare.includes(':'))) {
      warnings.push({ field: name, message: 'Invalid search field for this query.', code: 'invalid_field' });
      continue;
    }
    tests.push((record) => compared(read(record), sign, wanted) !== (not === '-'));
  }
  return { fits: (record) => tests.every((test) => test(record)), warnings };
}

function compared(found: number | string, sign: string, wanted: number | string): boolean {
  if (sign === '') return String(found).toLowerCase() === String(wanted).toLowerCase();
  const [left, right] = [Number(found), Number(wanted)];
  if (sign === '>') return left > right;
  if (sign === '<') return left < right;
  return sign === '>=' ? left >= right : left <= right;
}
