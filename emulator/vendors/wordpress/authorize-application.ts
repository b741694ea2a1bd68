import { escapeHtml, formBody, html, redirect, type Call, type Reply } from '../../http.ts';
import { APPLICATION_PASSWORD } from './identify.ts';
import { USER } from './owner.ts';
import type { Site } from './site.ts';

const FIELDS = ['app_name', 'app_id', 'success_url', 'reject_url'];

/** The screen on which the site's owner hands out an application password; the browser carries it back. */
export function authorizeApplication(site: Site, call: Call): Reply {
  const { method, base } = call;
  const asked = new URLSearchParams([...call.query, ...formBody(call)]);
  const success = asked.get('success_url') ?? '';
  const reject = asked.get('reject_url') ?? '';
  const wrong = [success, reject].some(
    (url) => url !== '' && !/^https:|^http:\/\/(localhost|127\.0\.0\.1)[:/]/.test(url),
  );
  if (!asked.get('app_name') || wrong) return html(400, '<h1>The authorization request is not valid.</h1>');
  if (method !== 'POST') return html(200, screen(asked));

  if (asked.get('decision') === 'approve') {
    site.passwordValid = true;
    if (!success) return html(200, `<p>Your new password: <code>${APPLICATION_PASSWORD}</code></p>`);
    return redirect(withQuery(success, { site_url: base, user_login: USER.login, password: APPLICATION_PASSWORD }));
  }
  if (reject) return redirect(reject);
  return success ? redirect(withQuery(success, { success: 'false' })) : html(200, '<p>Refused.</p>');
}

function withQuery(url: string, params: Record<string, string>): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(params)) target.searchParams.set(name, value);
  return target.href;
}

function screen(asked: URLSearchParams): string {
  const hidden = FIELDS.filter((name) => asked.has(name)).map(
    (name) => `<input type="hidden" name="${name}" value="${escapeHtml(asked.get(name) ?? '')}">`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authorize application</title></head><body>
<h1>Authorize application</h1><p>${escapeHtml(asked.get('app_name') ?? '')} would like to connect to this site as ${USER.login}.</p>
<form method="post" action="authorize-application.php">${hidden.join('')}
<button name="decision" value="approve">Yes, I approve</button> <button name="decision" value="deny">No, I do not</button></form></body></html>`;
}
