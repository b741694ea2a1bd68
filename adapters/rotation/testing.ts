import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from '../../ports/ids.ts';
import type { RotationRef } from '../../ports/rotation.ts';
import type { RotatedClass } from '../../ports/secret-classes.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import { postgresStores } from '../postgres/stores.ts';
import type { Stores } from '../postgres/stores.ts';
import { freshDatabase } from '../postgres/testing.ts';
import { envSecrets } from '../secrets/env.ts';

/** What the rotators that speak to vendors need. */
export interface RotationGround extends AsyncDisposable {
  stores: Stores;
  secrets: SecretPort;
  http: HttpClient;
}

/** `origins` as the variable CONNECTOR_ORIGINS says who stands for which vendor; `allow`: their hosts, and others to be let through. */
export async function openRotationGround(given: { origins: string; allow: string[] }): Promise<RotationGround> {
  await using opened = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'rotation-'));
  opened.defer(() => rm(dir, { recursive: true, force: true }));
  const fresh = await freshDatabase();
  opened.defer(fresh.close);
  const pairs = given.origins.split(',').filter(Boolean);
  const origins = pairs.map((pair) => {
    const [from = '', to = ''] = pair.split('=');
    return { from, to };
  });
  const http = createHttp({ allow: given.allow, origins, userAgent: 'test' });
  opened.defer(() => http.close());
  const all = opened.move();
  return {
    stores: postgresStores(fresh.db),
    secrets: envSecrets({ dir, environment: 'test' }),
    http,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

export const refOf = (scope: Scope, secretClass: RotatedClass, subject: string): RotationRef => ({
  ...{ scope, secretClass, subject },
  rotationId: randomUUID(),
});

/** A process that dies at its `at`th step into the world: `before` it is made, or `after`, with nobody left to hear the answer. */
export function mortal(at: number, when: 'before' | 'after') {
  let steps = 0;
  const killed = () => new Error('killed');
  const step = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    steps += 1;
    if (steps > at || (steps === at && when === 'before')) throw killed();
    const result = await work();
    if (steps >= at) throw killed();
    return result;
  };
  return {
    died: () => steps >= at,
    /** The same port, each call of which is a step. */
    of: <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return (...args: unknown[]) =>
            step(async () => (member as (...given: unknown[]) => unknown).apply(target, args));
        },
      }),
  };
}
