import type { VerifiedAccount } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { createAsk } from './ask.ts';
import type { Manifest, Params } from './manifest.ts';
import { siteOf } from './site.ts';

/** Proves a credential by the vendor's cheapest real call, after the system it is for has shown what it is. */
export async function verifyCredential(
  http: HttpClient,
  manifest: Manifest,
  given: Params,
  secret: SecretValues,
): Promise<VerifiedAccount> {
  const settings = manifest.discover ? await blamed(manifest, manifest.discover(siteOf(http), given)) : given;
  const { path, query, account } = manifest.verify;
  const { json } = await createAsk(http, manifest, settings, secret)({ path, query });
  const checked = account.safeParse(json);
  if (!checked.success) throw new Fault('provider_garbage', `${manifest.title} does not say whose account this is`);
  return { ...checked.data, settings: { ...settings, ...checked.data.settings } };
}

/** A system that cannot be reached, or is another one, is the fault of the address that was typed in. */
async function blamed<Result>({ auth }: Manifest, discovery: Promise<Result>): Promise<Result> {
  const address = auth.kind === 'basic' ? auth.fields.find(({ kind }) => kind === 'url')?.name : undefined;
  return discovery.catch((error: unknown) => {
    if (!(error instanceof Fault) || error.fields.length > 0 || address === undefined) throw error;
    const { code, message, retryAfterMs } = error;
    throw new Fault(code, message, {
      cause: error,
      fields: [{ path: address, message }],
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  });
}
