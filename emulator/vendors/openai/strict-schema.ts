import { list, record } from '../../http.ts';

/** What strict mode refuses in a schema: open objects and optional properties. Undefined when it takes it. */
export function strictnessProblem(schema: unknown, where = '()'): string | undefined {
  const { type, properties, required, additionalProperties, items, anyOf, $defs } = record(schema);
  if (type === 'object' || properties !== undefined) {
    if (additionalProperties !== false) return `In context=${where}, 'additionalProperties' is required to be false.`;
    const missing = Object.keys(record(properties)).filter((name) => !list(required).includes(name));
    if (missing.length > 0)
      return `In context=${where}, 'required' has to include every key in properties. Missing '${missing.join("', '")}'.`;
  }
  const inner: [string, unknown][] = [
    ...Object.entries(record(properties)),
    ...Object.entries(record($defs)),
    ...list(anyOf).map((one, index): [string, unknown] => [String(index), one]),
    ...(items === undefined ? [] : [['items', items] as [string, unknown]]),
  ];
  for (const [name, one] of inner) {
    const problem = strictnessProblem(one, `${where}.${name}`);
    if (problem) return problem;
  }
  return undefined;
}
