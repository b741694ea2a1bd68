type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});

/**
 * Takes nothing that is not described, also where the vendor does not say that it refuses it. A schema that others are put
 * together of stays open, and the whole is closed: by itself a part would refuse the other parts.
 */
export function closed(definition: unknown): unknown {
  const all = fieldsOf(close(definition));
  const schemas = fieldsOf(fieldsOf(all['components'])['schemas']);
  const given = fieldsOf(fieldsOf(fieldsOf(definition)['components'])['schemas']);
  for (const name of partsIn(definition)) schemas[name] = reopened(schemas[name], given[name]);
  return all;
}

/** Names of the schemas that others are put together of. */
function partsIn(value: unknown): string[] {
  const whole = fieldsOf(value)['allOf'];
  const refs = Array.isArray(whole) ? whole.map((part) => fieldsOf(part)['$ref']) : [];
  const own = refs.filter((ref) => typeof ref === 'string').map((ref) => ref.split('/').at(-1) ?? '');
  return [...own, ...Object.values(fieldsOf(value)).flatMap(partsIn)];
}

function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== 'object' || value === null) return value;
  const all: Fields = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, close(one)]));
  const { allOf } = value as Fields;
  if (Array.isArray(allOf) && allOf.some((part) => 'properties' in fieldsOf(part))) {
    return { unevaluatedProperties: false, ...all, allOf: allOf.map((part) => reopened(close(part), part)) };
  }
  return all['type'] === 'object' && 'properties' in all ? { additionalProperties: false, ...all } : all;
}

/** Without what `close` added to it. */
function reopened(all: unknown, given: unknown): unknown {
  const added = ['additionalProperties', 'unevaluatedProperties'].filter((name) => !(name in fieldsOf(given)));
  return Object.fromEntries(Object.entries(fieldsOf(all)).filter(([name]) => !added.includes(name)));
}
