import { escapeHtml, type Call } from '../http.ts';

/** Somebody's account at a vendor, as the person at the consent page chooses it. */
export interface Account {
  id: string;
  name: string;
}

interface Shown {
  title: string;
  call: Call;
  /** Where the answer goes, so that the person knows who asks. */
  redirectUri: string;
  scopes: string[];
  accounts: Account[];
}

/** Posts to its own path, relative, so that it works wherever the emulator is mounted. */
export function consentPage({ title, call, redirectUri, scopes, accounts }: Shown): string {
  const action = call.path.replace(/\/$/, '').split('/').pop() ?? '';
  const hidden = [...call.query].map(([name, value]) => field(name, value));
  const options = accounts.map(
    ({ id, name }) => `<option value="${escapeHtml(id)}">${escapeHtml(name)} (${escapeHtml(id)})</option>`,
  );
  const boxes = scopes.map(
    (scope) =>
      `<li><label><input type="checkbox" name="granted" value="${escapeHtml(scope)}" checked> <code>${escapeHtml(scope)}</code></label></li>`,
  );
  const { host } = new URL(redirectUri);
  const asks = scopes.length > 0 ? ' asks for access' : ' asks for access to this account';
  return page(
    `Connect an app (emulated ${title})`,
    `<p>The app at <strong>${escapeHtml(host)}</strong>${asks}.</p>
<form method="post" action="${escapeHtml(action)}">${hidden.join('')}${scopes.length > 0 ? field('choosing', 'yes') : ''}
${scopes.length > 0 ? `<fieldset><legend>What it may do</legend><ul>${boxes.join('')}</ul></fieldset>` : ''}
<p><label>Account <select name="account">${options.join('')}</select></label></p>
<p><button name="decision" value="approve">Approve</button> <button name="decision" value="deny">Deny</button></p></form>`,
  );
}

export const refusalPage = (title: string, problem: string): string =>
  page(`Authorization failed (emulated ${title})`, `<p>${escapeHtml(problem)}</p>`);

const field = (name: string, value: string): string =>
  `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`;

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>body{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem}button,select{font:inherit;padding:.4rem 1rem}ul{list-style:none;padding:0}</style>
</head><body><main><h1>${escapeHtml(title)}</h1>${body}</main></body></html>`;
