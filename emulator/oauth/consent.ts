import { formBody, html, redirect, type Call, type Reply } from '../http.ts';
import { consentPage, refusalPage, type Account } from './consent-page.ts';
import type { Issuer } from './issuer.ts';

export interface ConsentRules {
  /** The vendor's name, for the page's title. */
  title: string;
  /** Whose people may consent; the first is taken when none is chosen. */
  accounts: (call: Call) => Account[];
  /** The scopes that exist; left out where the vendor's authorization request names none. */
  scopes?: readonly string[];
  /** Granted when none is asked for; left out: asking for none is an error. */
  defaultScopes?: string[];
  clientIdParam?: string;
  codeParam?: string;
  /** RFC 9207: sent along with every answer. */
  issuer?: string;
  /** What is kept with the grant. */
  context?: (account: Account, call: Call) => Record<string, string>;
  refreshable?: (asked: URLSearchParams, scopes: string[], account: Account) => boolean;
  /** The parameters of the redirect as this vendor sends them. */
  answered?: (params: Record<string, string>, account: Account, call: Call) => Record<string, string>;
}

/** The authorization endpoint: GET shows the consent page, POST is the decision made on it. */
interface Consent {
  show: (call: Call) => Reply;
  decide: (call: Call) => Reply;
}

export function createConsent(issuer: Issuer, rules: ConsentRules): Consent {
  const { clientIdParam = 'client_id', codeParam = 'code' } = rules;
  // Vendors part scopes by blanks or by commas, and none has either within one.
  const split = (text: string | null): string[] => (text ?? '').split(/[\s,]+/).filter(Boolean);
  const scopesIn = (asked: URLSearchParams): string[] => {
    const named = split(asked.get('scope'));
    return named.length === 0 ? (rules.defaultScopes ?? []) : named;
  };

  // Before client and redirect are known good, errors stay on our page: a redirect would make us an open redirector.
  const unsafe = (asked: URLSearchParams): string | undefined => {
    if (!issuer.clients.knows(asked.get(clientIdParam))) return 'The client ID of this app is unknown or disabled.';
    if (!issuer.clients.redirectAllowed(asked.get('redirect_uri') ?? ''))
      return 'The redirect URL is missing or not allowed for this app.';
    return undefined;
  };
  const back = (asked: URLSearchParams, result: Record<string, string>): Reply => {
    const target = new URL(asked.get('redirect_uri') ?? '');
    const state = asked.get('state');
    const all = { ...result, ...(state === null ? {} : { state }), ...(rules.issuer ? { iss: rules.issuer } : {}) };
    for (const [name, value] of Object.entries(all)) target.searchParams.set(name, value);
    return redirect(target.href);
  };
  const wrongRequest = (asked: URLSearchParams): Reply | undefined => {
    const wrong = (error: string, description: string) => back(asked, { error, error_description: description });
    if ((asked.get('response_type') ?? 'code') !== 'code') return wrong('unsupported_response_type', 'It is code.');
    const scopes = scopesIn(asked);
    const foreign = scopes.filter((scope) => rules.scopes?.includes(scope) === false);
    if ((rules.scopes && scopes.length === 0) || foreign.length > 0)
      return wrong('invalid_scope', `Scopes missing or unknown: ${foreign.join(' ')}`);
    if (issuer.pkce === 'none') return undefined;
    if (asked.has('code_challenge') && asked.get('code_challenge_method') !== 'S256')
      return wrong('invalid_request', 'code_challenge_method is S256');
    if (issuer.pkce === 'required' && !asked.has('code_challenge'))
      return wrong('invalid_request', 'code_challenge is required');
    return undefined;
  };
  const problemOf = (asked: URLSearchParams): Reply | undefined => {
    const problem = unsafe(asked);
    return problem ? html(400, refusalPage(rules.title, problem)) : wrongRequest(asked);
  };

  return {
    show(call: Call): Reply {
      const { query } = call;
      const shown = {
        redirectUri: query.get('redirect_uri') ?? '',
        scopes: scopesIn(query),
        accounts: rules.accounts(call),
      };
      return problemOf(query) ?? html(200, consentPage({ title: rules.title, call, ...shown }));
    },
    decide(given: Call): Reply {
      // A script may post the decision to the authorize URL as it got it; a browser posts the form's hidden fields.
      const asked = new URLSearchParams([...given.query, ...formBody(given)]);
      const call = { ...given, query: asked };
      const problem = problemOf(asked);
      if (problem) return problem;
      const accounts = rules.accounts(call);
      const account = accounts.find(({ id }) => id === (asked.get('account') ?? accounts[0]?.id));
      if (!account) return html(400, refusalPage(rules.title, 'There is no such account.'));
      if (asked.get('decision') !== 'approve')
        return back(asked, { error: 'access_denied', error_description: 'The user refused the connection.' });
      const wanted = [...new Set([...scopesIn(asked), ...split(asked.get('optional_scope'))])];
      // Only a form with boxes can say which were left ticked.
      const scopes = asked.has('choosing') ? wanted.filter((scope) => asked.getAll('granted').includes(scope)) : wanted;
      const code = issuer.codes.issue({
        account: account.id,
        scopes,
        context: rules.context?.(account, call) ?? {},
        refreshable: rules.refreshable?.(asked, scopes, account) ?? true,
        redirectUri: asked.get('redirect_uri') ?? '',
        challenge: asked.get('code_challenge'),
      });
      const state = asked.get('state');
      const params = { [codeParam]: code, ...(state === null ? {} : { state }) };
      return back(asked, rules.answered?.(params, account, call) ?? params);
    },
  };
}
