import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { envSecrets } from '../adapters/secrets/env.ts';
import { openVault } from '../adapters/secrets/vault/client.ts';
import { vaultSecrets } from '../adapters/secrets/vault/secrets.ts';
import { payloadCodec } from '../adapters/temporal/codec.ts';
import { openKeyRing } from '../adapters/temporal/key-ring.ts';
import type { SecretPort } from '../ports/secrets.ts';
import { addTestRole, ALL_SECRETS, startTestVault } from '../scripts/lib/test-vault.ts';
import { vaultProgram } from '../scripts/lib/vault-program.ts';
import { ms, quantile, timed } from './figures.ts';
import type { Figure } from './figures.ts';

const PATHS = 50;
const READS = 2000;
const WARM_UP = 200;
const AT_ONCE = 50;
const ROUNDS = 300;
const BATCH = 50;
const SMALL_BYTES = 100;
const LARGE_BYTES = 10 * 1024;

const pathOf = (nth: number) => `tenants/bench/connections/${nth % PATHS}`;

/** What a credential costs whoever uses it: one after the other, and many at once. */
const measureReads = async (name: string, secrets: SecretPort, p50Before?: number) => {
  const values = { access_token: 'x'.repeat(200), refresh_token: 'y'.repeat(200) };
  for (let nth = 0; nth < PATHS; nth += 1) {
    await secrets.put(pathOf(nth), 0, values, { class: 'oauth_tokens', createdBy: 'bench' });
  }
  const times: number[] = [];
  for (let nth = 0; nth < WARM_UP + READS; nth += 1) {
    const took = await timed(() => secrets.read(pathOf(nth)));
    if (nth >= WARM_UP) times.push(took);
  }
  let next = 0;
  const caller = async () => {
    while ((next += 1) <= READS) await secrets.read(pathOf(next));
  };
  const together = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, caller)));
  const p50 = quantile(times, 0.5);
  const ratio = p50Before === undefined ? '' : `; ${(p50 / p50Before).toFixed(1)} × the files’`;
  const figures: Figure[] = [
    {
      figure: `read of a secret, ${name}, p50`,
      value: `${p50.toFixed(2)} ms`,
      against: `p99 ${ms(quantile(times, 0.99))}${ratio}`,
    },
    { figure: `reads of secrets, ${name}, ${AT_ONCE} at once`, value: `${Math.round((READS / together) * 1000)}/s` },
  ];
  return { p50, figures };
};

const measureVault = async (p50OfFiles: number): Promise<Figure[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'bizosaas-bench-'));
  const place = { logDir: folder, runDir: folder, signal: new AbortController().signal };
  try {
    await using vault = await startTestVault(await vaultProgram(place, () => undefined));
    const { roleId, secretId } = await addTestRole(vault, 'bench', ALL_SECRETS, {});
    await using opened = openVault({
      ...{ address: vault.address, namespace: null, caFile: null, appRoleMount: 'approle' },
      ...{ roleId, secretId, secretIdFile: null, wrappedSecretIdFile: null },
    });
    return (await measureReads('Vault', vaultSecrets(opened, 'secret'), p50OfFiles)).figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const context = { type: 'workflow', namespace: 'default', workflowId: 'syncStream:bench:1' } as const;
const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
const sizeOf = (payload: Payload | undefined) => (payload ? PayloadMessage.encode(payload).finish().length : 0);

/** A value to its payload on the wire and back, in microseconds for each payload. */
const roundTrip = async (values: string[], codec: PayloadCodec): Promise<{ us: number; wire: number }> => {
  let wire = 0;
  const took = await timed(async () => {
    const sent = await codec.encode(
      values.map((value) => defaultPayloadConverter.toPayload(value)),
      context,
    );
    wire = sizeOf(sent[0]);
    for (const payload of await codec.decode(sent, context)) defaultPayloadConverter.fromPayload(payload);
  });
  return { us: (took * 1000) / values.length, wire };
};
const none: PayloadCodec = { encode: async (payloads) => payloads, decode: async (payloads) => payloads };

const measureCodec = async (codec: PayloadCodec, name: string, bytes: number): Promise<Figure> => {
  const values = Array.from({ length: BATCH }, () => 'x'.repeat(bytes));
  const [sealed, plain]: { us: number; wire: number }[][] = [[], []];
  // In turn, so that both see the same machine.
  for (let round = 0; round < ROUNDS; round += 1) {
    sealed?.push(await roundTrip(values, codec));
    plain?.push(await roundTrip(values, none));
  }
  const p50 = (all: { us: number }[] = []) =>
    quantile(
      all.slice(ROUNDS / 10).map(({ us }) => us),
      0.5,
    ).toFixed(1);
  return {
    figure: `payload ${name}, sealed and opened`,
    value: `${p50(sealed)} µs`,
    against: `${p50(plain)} µs without the codec; ${sealed?.[0]?.wire} bytes on the wire for ${plain?.[0]?.wire}`,
  };
};

/** What it costs to read a secret, and to encrypt what goes to Temporal. */
export const measureSecrets = async (): Promise<Figure[]> => {
  const dir = await mkdtemp(join(tmpdir(), 'bizosaas-bench-'));
  try {
    const files = envSecrets({ dir, environment: 'test' });
    const { p50, figures } = await measureReads('files', files);
    const codec = payloadCodec(openKeyRing(files));
    return [
      ...figures,
      ...(await measureVault(p50)),
      await measureCodec(codec, `of ${SMALL_BYTES} bytes`, SMALL_BYTES),
      await measureCodec(codec, 'of 10 KB', LARGE_BYTES),
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
