import { Fault } from '../../ports/errors.ts';
import type { Ask } from './ask.ts';
import type { Revocation } from './auth-methods.ts';
import { at, filled } from './paths.ts';

type Itself = Extract<Revocation, { how: 'itself' }>;

/** A credential takes itself away. One that is not known any more counts as taken away, also when an answer was lost before. */
export async function revokeItself(
  ask: Ask,
  { find, id, remove, yes, gone }: Itself,
  title: string,
): Promise<'revoked' | 'unsupported'> {
  try {
    const name = at((await ask({ path: find })).json, id);
    // It becomes a part of an address, so it may be a plain name only.
    if (typeof name !== 'string' || !/^[\w-]{1,128}$/.test(name)) throw garbage(title);
    const removed = await ask({ method: 'DELETE', path: filled(remove, { id: name }) });
    if (!yes.is.includes(at(removed.json, yes.at))) throw garbage(title);
    return 'revoked';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // An older system has no such address, and some systems close it.
    if (error.code === 'not_found') return 'unsupported';
    if (error.code === 'credential_rejected' && gone.includes(error.providerCode ?? '')) return 'revoked';
    throw error;
  }
}

const garbage = (title: string) =>
  new Fault('provider_garbage', `${title} answered with what we do not understand when asked to remove our credential`);
