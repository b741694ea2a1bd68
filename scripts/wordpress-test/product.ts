import { openApi } from '../../api/testing.ts';
import { seedPlatformRole } from '../../adapters/postgres/identity.ts';
import { Email } from '../../ports/ids.ts';
import { openGround } from '../../workers/testing/ground.ts';
import type { Ground } from '../../workers/testing/ground.ts';
import { logIn } from '../demo/api-client.ts';
import type { ApiClient } from '../demo/api-client.ts';

export interface TestProduct extends AsyncDisposable {
  ground: Ground;
  admin: ApiClient;
}

/** The product with its API and workers, which may ask `allow` and the emulator, and nobody else. */
export const openProduct = async (allow: string[]): Promise<TestProduct> => {
  await using opened = new AsyncDisposableStack();
  const ground = opened.use(await openGround({ allow }));
  await ground.worker.start();
  const api = opened.use(await openApi({ ports: ground.ports, temporal: ground.client }));
  // The port is known only now, and the vendor's redirect must lead to it.
  api.deps.settings.publicUrl = api.url;
  const address = Email.parse('admin@platform.test');
  await seedPlatformRole(ground.database.db, address, 'platform_admin');
  const admin = await logIn(api.url, address);
  const all = opened.move();
  return { ground, admin, [Symbol.asyncDispose]: () => all.disposeAsync() };
};
