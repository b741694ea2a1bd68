import type { VerifiedAccount } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { Unanswered } from '../http/unanswered.ts';
import { createAsk } from './ask.ts';
import type { DeclaredMethod, Params } from './auth-methods.ts';
import { blameSecret, blaming } from './blame.ts';
import type { Manifest } from './manifest.ts';
import { filled } from './paths.ts';
import { siteOf } from './site.ts';

/** Proves a credential by the vendor's cheapest real call, after the system it is for has shown what it is. */
export async function verifyCredential(
  http: HttpClient,
  manifest: Manifest,
  method: DeclaredMethod,
  given: Params,
  secret: SecretValues,
): Promise<VerifiedAccount> {
  const { title, discover } = manifest;
  const verify = method.verify ?? manifest.verify;
  const settings = discover ? await blamed(method, discover(siteOf(http), given), () => true) : given;
  const { account, named, nobody, ...call } = verify;
  const asked = createAsk(http, manifest, method, settings, secret)(call).catch(blameSecret(method));
  const { json } = await blamed(method, asked, (fault) => fault instanceof Unanswered || fault.code === 'host_refused');
  const checked = account.safeParse(json);
  if (checked.success) {
    const { accountId, accountName } = named ?? {};
    return {
      ...checked.data,
      ...(accountId !== undefined && { accountId: filled(accountId, settings) }),
      ...(accountName !== undefined && { accountName: filled(accountName, settings) }),
      settings: { ...settings, ...checked.data.settings },
    };
  }
  if (nobody !== undefined) throw new Fault('credential_forbidden', `${title}: ${nobody}`);
  throw new Fault('provider_garbage', `${title} does not say whose account this is`);
}

/** A system that cannot be reached, or is another one, is the fault of the address that was typed in. */
async function blamed<Result>(
  { fields }: DeclaredMethod,
  asked: Promise<Result>,
  when: (fault: Fault) => boolean,
): Promise<Result> {
  const address = fields.find(({ kind }) => kind === 'url')?.name;
  return asked.catch((error: unknown) => {
    if (!(error instanceof Fault) || error.fields.length > 0 || address === undefined || !when(error)) throw error;
    throw blaming(error, address);
  });
}
