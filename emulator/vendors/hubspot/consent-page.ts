import { escapeHtml } from '../../http.ts';
import { ACCOUNTS } from './app.ts';

const CONSENT_FIELDS = [
  'client_id',
  'redirect_uri',
  'scope',
  'optional_scope',
  'state',
  'code_challenge',
  'code_challenge_method',
];

export function consentPage(asked: URLSearchParams): string {
  const hidden = CONSENT_FIELDS.filter((name) => asked.has(name)).map(
    (name) => `<input type="hidden" name="${name}" value="${escapeHtml(asked.get(name) ?? '')}">`,
  );
  const accounts = ACCOUNTS.map(
    ({ hubId, name }) => `<option value="${hubId}">${escapeHtml(name)} (${hubId})</option>`,
  );
  const scopes = (asked.get('scope') ?? '').split(' ').map((scope) => `<li><code>${escapeHtml(scope)}</code></li>`);
  const host = new URL(asked.get('redirect_uri') ?? '').host;
  return page(
    'Connect an app (emulated HubSpot)',
    `<p>The app at <strong>${escapeHtml(host)}</strong> asks for:</p><ul>${scopes.join('')}</ul>
<form method="post" action="authorize">${hidden.join('')}
<p><label>Account <select name="hub_id">${accounts.join('')}</select></label></p>
<p><button name="decision" value="approve">Approve</button> <button name="decision" value="deny">Deny</button></p></form>`,
  );
}

export const refusalPage = (problem: string): string =>
  page('Authorization failed (emulated HubSpot)', `<p>${escapeHtml(problem)}</p>`);

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<style>body{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.4rem 1rem}</style>
</head><body><h1>${title}</h1>${body}</body></html>`;
