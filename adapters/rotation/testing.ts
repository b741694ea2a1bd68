import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from '../../ports/ids.ts';
import type { RotationRef, Rotator } from '../../ports/rotation.ts';
import type { RotatedClass } from '../../ports/secret-classes.ts';
import type { SecretPort, SecretValues } from '../../ports/secrets.ts';
import { connectorOrigin } from '../env.ts';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import { postgresStores } from '../postgres/stores.ts';
import type { Stores } from '../postgres/stores.ts';
import { freshDatabase } from '../postgres/testing.ts';
import { envSecrets } from '../secrets/env.ts';

interface LivedThrough {
  dying: Rotator;
  living: Rotator;
  ref: RotationRef;
  given: SecretValues | null;
  ending: 'again' | 'back';
}

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
  const origins = given.origins.split(',').filter(Boolean).map(connectorOrigin);
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

const STEPS = ['create', 'verify', 'cutOver', 'revoke'] as const;

/**
 * A rotation whose process dies on the way; one that lives goes on `again` from the step that died, or rolls `back` what came
 * before the revoke. True when the first one died nowhere.
 */
export async function livedThrough({ dying, living, ref, given, ending }: LivedThrough): Promise<boolean> {
  const run = (on: Rotator, step: (typeof STEPS)[number]): Promise<unknown> =>
    step === 'create' ? on.create(ref, given) : on[step](ref);
  let lives = true;
  for (const step of ending === 'again' ? STEPS : STEPS.slice(0, 3)) {
    const isDone =
      lives &&
      (await run(dying, step).then(
        () => true,
        () => false,
      ));
    if (!isDone) lives = false;
    if (!isDone && ending === 'again') await run(living, step);
  }
  if (ending === 'back') await living.rollBack(ref);
  return lives;
}

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
