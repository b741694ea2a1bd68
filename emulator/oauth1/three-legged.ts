import { randomBytes } from 'node:crypto';
import { formBody, html, redirect, type Call, type Reply } from '../http.ts';
import { consentPage, refusalPage, type Account } from '../oauth/consent-page.ts';
import type { Asked } from '../oauth/grants.ts';
import type { Issuer } from '../oauth/issuer.ts';
import { createGuard, type Guard, type Problem } from './guard.ts';
import type { SignatureMethod } from './signature.ts';

const TEMPORARY_SECONDS = 600;

interface Temporary {
  secret: string;
  callback: string;
  expiresAt: number;
  approved?: Asked & { verifier: string };
}

interface Rules {
  title: string;
  method: SignatureMethod;
  accounts: Account[];
  /** What the parameters of the authorization page ask for. */
  asked: (params: URLSearchParams) => Pick<Asked, 'scopes' | 'lifetimeSeconds'>;
  refused: (problem: Problem) => Reply;
}

/** RFC 5849 §2: a temporary credential, a person's consent, a token with its secret. */
interface ThreeLegged {
  guard: Guard;
  temporary: (call: Call) => Reply;
  show: (call: Call) => Reply;
  decide: (call: Call) => Reply;
  access: (call: Call) => Reply;
}

export function createThreeLegged(issuer: Issuer, rules: Rules): ThreeLegged {
  const { title, method, accounts, asked, refused } = rules;
  const { grants, clients, calls, clock } = issuer;
  const guard = createGuard({ method, clients, now: clock.now });
  const temporaries = new Map<string, Temporary>();
  const secret = (): string => randomBytes(20).toString('hex');
  const live = (token: string | null | undefined): Temporary | undefined => {
    const held = temporaries.get(token ?? '');
    return held && held.expiresAt > clock.now() ? held : undefined;
  };
  const refusedPage = (problem: string) => html(400, refusalPage(title, problem));

  const counted = (name: string, work: () => Reply | Problem): Reply => {
    const count = calls.of(name);
    count.calls += 1;
    const result = work();
    if (typeof result === 'string') return refused(result);
    count.succeeded += 1;
    return result;
  };

  return {
    guard,
    temporary: (call: Call): Reply =>
      counted('temporary_credential', () => {
        const request = guard(call, (token) => (token ? undefined : ''));
        if (typeof request === 'string') return request;
        const { oauth_callback: callback } = request.protocol;
        if (!callback || !clients.redirectAllowed(callback.replace(/[?].*/, ''))) return 'parameter_absent';
        const made: Temporary = { secret: secret(), callback, expiresAt: clock.now() + TEMPORARY_SECONDS * 1000 };
        const token = secret();
        temporaries.set(token, made);
        return form({ oauth_token: token, oauth_token_secret: made.secret, oauth_callback_confirmed: 'true' });
      }),
    show(call: Call): Reply {
      const held = live(call.query.get('oauth_token'));
      if (!held) return refusedPage('The request has expired or is unknown.');
      const { scopes } = asked(call.query);
      return html(200, consentPage({ title, call, redirectUri: held.callback, scopes, accounts }));
    },
    decide(call: Call): Reply {
      const given = new URLSearchParams([...call.query, ...formBody(call)]);
      const token = given.get('oauth_token') ?? '';
      const held = live(token);
      const account = accounts.find(({ id }) => id === (given.get('account') ?? accounts[0]?.id));
      if (!held || held.approved || !account) return refusedPage('The request has expired, is used up or is unknown.');
      const target = new URL(held.callback);
      if (given.get('decision') !== 'approve') {
        temporaries.delete(token);
        target.searchParams.set('denied', token);
        return redirect(target.href);
      }
      const wanted = asked(given);
      const scopes = given.has('choosing')
        ? wanted.scopes.filter((scope) => given.getAll('granted').includes(scope))
        : wanted.scopes;
      held.approved = { ...wanted, scopes, account: account.id, verifier: secret() };
      target.searchParams.set('oauth_token', token);
      target.searchParams.set('oauth_verifier', held.approved.verifier);
      return redirect(target.href);
    },
    access: (call: Call): Reply =>
      counted('access_token', () => {
        const request = guard(call, (token) => live(token)?.secret);
        if (typeof request === 'string') return request;
        const { oauth_token: token = '', oauth_verifier: verifier } = request.protocol;
        const approved = live(token)?.approved;
        if (!approved || approved.verifier !== verifier) return 'token_rejected';
        temporaries.delete(token);
        const tokenSecret = secret();
        const minted = grants.open({ ...approved, context: { tokenSecret } });
        return form({ oauth_token: minted.accessToken, oauth_token_secret: tokenSecret });
      }),
  };
}

const form = (values: Record<string, string>): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/x-www-form-urlencoded', 'cache-control': 'no-store' },
  body: new URLSearchParams(values).toString(),
});
