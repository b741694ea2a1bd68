import { formBody, html, redirect, type Call, type Reply } from '../../http.ts';
import { ACCOUNTS, CLIENT_ID, redirectAllowed, SCOPES } from './app.ts';
import { codeFor, type Codes } from './codes.ts';
import { consentPage, refusalPage } from './consent-page.ts';

/** Before client and redirect are known good, errors stay on our page: a redirect would make us an open redirector. */
export function showConsent({ query }: Call): Reply {
  const problem = unsafe(query);
  if (problem) return html(400, refusalPage(problem));
  return wrongRequest(query) ?? html(200, consentPage(query));
}

export function decideConsent(codes: Codes) {
  return (call: Call): Reply => {
    // A script may post the decision to the authorize URL as it got it; a browser posts the form's hidden fields.
    const asked = new URLSearchParams([...call.query, ...formBody(call)]);
    const problem = unsafe(asked);
    if (problem) return html(400, refusalPage(problem));
    const wrong = wrongRequest(asked);
    if (wrong) return wrong;
    if (asked.get('decision') !== 'approve') {
      return back(asked, { error: 'access_denied', error_description: 'The user refused the connection.' });
    }
    const hubId = Number(asked.get('hub_id') ?? ACCOUNTS[0]?.hubId);
    const account = ACCOUNTS.find((candidate) => candidate.hubId === hubId);
    if (!account) return html(400, refusalPage(`There is no account ${hubId}.`));
    return back(asked, { code: codeFor(codes, account, asked) });
  };
}

function unsafe(asked: URLSearchParams): string | undefined {
  if (asked.get('client_id') !== CLIENT_ID) return 'The client ID of this app is unknown.';
  if (!redirectAllowed(asked.get('redirect_uri') ?? ''))
    return 'The redirect URL is missing or not allowed for this app.';
  return undefined;
}

function wrongRequest(asked: URLSearchParams): Reply | undefined {
  const scopes = (asked.get('scope') ?? '').split(' ').filter(Boolean);
  const foreign = scopes.filter((scope) => !SCOPES.includes(scope));
  if (scopes.length === 0 || foreign.length > 0) {
    return back(asked, {
      error: 'invalid_scope',
      error_description: `Scopes missing or unknown: ${foreign.join(' ')}`,
    });
  }
  if (asked.has('code_challenge') && asked.get('code_challenge_method') !== 'S256') {
    return back(asked, { error: 'invalid_request', error_description: 'code_challenge_method is S256' });
  }
  return undefined;
}

function back(asked: URLSearchParams, result: Record<string, string>): Reply {
  const target = new URL(asked.get('redirect_uri') ?? '');
  for (const [name, value] of Object.entries(result)) target.searchParams.set(name, value);
  const state = asked.get('state');
  if (state !== null) target.searchParams.set('state', state);
  return redirect(target.href);
}
