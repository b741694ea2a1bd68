import type { Call, Reply } from '../../http.ts';
import { wpError } from './errors.ts';
import { USER } from './owner.ts';
import type { Site } from './site.ts';

export const APPLICATION_PASSWORD = 'abcd EFGH ijkl MNOP qrst UVWX';

const bare = (password: string): string => password.replaceAll(' ', '');

/** True for the owner, false for nobody; a wrong credential is refused on every route, public ones included. */
export function identify(site: Site, { headers }: Call): boolean | Reply {
  const [, encoded] = /^Basic (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (!encoded) return false;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const login = pair.slice(0, Math.max(0, pair.indexOf(':')));
  if (login.includes('@') && login !== USER.email) {
    return wpError(401, 'invalid_email', 'Unknown email address. Check again or try your username.');
  }
  if (login !== USER.login && login !== USER.email) {
    return wpError(401, 'invalid_username', `The username ${login} is not registered on this site.`);
  }
  if (!site.passwordValid || bare(pair.slice(login.length + 1)) !== bare(APPLICATION_PASSWORD)) {
    return wpError(401, 'incorrect_password', 'The provided password is an invalid application password.');
  }
  return true;
}

export const notLoggedIn = (): Reply => wpError(401, 'rest_not_logged_in', 'You are not currently logged in.');
