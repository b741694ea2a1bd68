/** A form's pairs: nested values are written `a[b]` and `a[0]`, as PHP and Rails read them; null is an empty text. */
export function formPairs(form: Record<string, unknown>): [string, string][] {
  return Object.entries(form).flatMap(([name, value]) => pairs(name, value));
}

function pairs(name: string, value: unknown): [string, string][] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((each, index) => pairs(`${name}[${index}]`, each));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, each]) => pairs(`${name}[${key}]`, each));
  return [[name, value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)]];
}
