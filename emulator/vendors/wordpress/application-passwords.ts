import { json, type Reply } from '../../http.ts';
import { wpError } from './errors.ts';
import { notLoggedIn } from './identify.ts';
import type { Site } from './site.ts';

/** The one application password that a site knows. */
const KNOWN = {
  uuid: '3f0d6b52-7a1c-4e55-9d0e-2c9b8a6f4e17',
  app_id: '',
  name: 'BizOSaaS',
  created: '2026-05-04T08:00:00',
  last_used: '2026-11-20T00:00:00',
  last_ip: '192.0.2.10',
};

/** Which application password asks. */
export const introspect = (owner: boolean): Reply => (owner ? json(200, KNOWN) : notLoggedIn());

/** The removed one is refused from the next call on, whoever removed it. */
export function removePassword(site: Site, owner: boolean, uuid: string): Reply {
  if (!owner) return notLoggedIn();
  if (uuid !== KNOWN.uuid) {
    return wpError(404, 'rest_application_password_not_found', 'Application password not found.');
  }
  site.passwordValid = false;
  return json(200, { deleted: true, previous: KNOWN });
}
