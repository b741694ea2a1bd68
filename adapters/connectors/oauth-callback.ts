import { createHmac, timingSafeEqual } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import { Fault } from '../../ports/errors.ts';
import type { CodeMethod, Params } from './auth-methods.ts';
import { filled } from './paths.ts';
import { plainCode } from './refusal.ts';

interface Callback {
  method: CodeMethod;
  title: string;
  /** The token endpoint's URL, filled in. */
  tokenUrl: string;
  settings: Params;
  hosts: Record<string, RegExp>;
  app: { clientId: string; clientSecret: string };
  nowMs: number;
}

const invalid = (message: string, providerCode: string | null = null) =>
  new Fault('oauth_state_invalid', `${message}; begin again`, { providerCode });

/** What the redirect brought, once it is proved to come from the vendor: the code as the library wants it, and settings. */
export function readCallback(callback: Callback, answer: Params): { parameters: URLSearchParams; settings: Params } {
  const { method, title, settings, hosts } = callback;
  const refused = plainCode(answer['error']);
  if (refused === 'access_denied') {
    throw new Fault('oauth_denied', `the consent was refused at ${title}; begin again and allow it`, {
      providerCode: refused,
    });
  }
  if (answer['error'] !== undefined) throw invalid(`${title} gave no consent (${refused ?? 'no reason'})`, refused);
  checkSignature(callback, answer);
  const found: Params = {};
  for (const [name, param] of Object.entries(method.fromCallback ?? {})) {
    const value = answer[param];
    if (value === undefined) continue;
    if (hosts[name]?.test(value) === false) throw invalid(`${title} named a host that is not its own`);
    found[name] = value;
  }
  return { parameters: validated(callback, answer), settings: { ...settings, ...found } };
}

/** RFC 9207: an answer of another issuer, or one without `iss` where the vendor always sends it, is a mix-up. */
function validated({ method, title, tokenUrl, settings, hosts, app }: Callback, answer: Params): URLSearchParams {
  const code = answer[method.codeParam ?? 'code'];
  if (!code) throw invalid(`${title} sent no code`);
  const iss = answer['iss'];
  const origins = [tokenUrl, filled(method.authorizeUrl, settings, hosts)].map((url) => new URL(url).origin);
  const issuer = method.issuer?.id ?? (iss !== undefined && origins.includes(iss) ? iss : origins[0]);
  const as: oauth.AuthorizationServer = {
    issuer: issuer ?? tokenUrl,
    authorization_response_iss_parameter_supported: method.issuer?.always === true,
  };
  const given = new URLSearchParams({ code, ...(iss !== undefined && { iss }) });
  try {
    // The state was checked where it is kept: with the browser's transaction.
    return oauth.validateAuthResponse(as, { client_id: app.clientId }, given, oauth.skipStateCheck);
  } catch {
    throw invalid(`the answer does not come from ${title}`);
  }
}

function checkSignature({ method, title, settings, app, nowMs }: Callback, answer: Params): void {
  const { callbackSignature: rule } = method;
  if (!rule) return;
  const { [rule.param]: given = '', ...signed } = answer;
  const message = Object.entries(signed)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const expected = createHmac('sha256', app.clientSecret).update(message).digest();
  const shown = Buffer.from(given, 'hex');
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected))
    throw invalid(`the answer is not signed by ${title}`);
  const ageS = Math.abs(nowMs / 1000 - Number(answer[rule.timestamp]));
  if (!(ageS <= rule.toleranceS)) throw invalid(`the answer of ${title} is too old`);
  for (const name of rule.repeats) {
    if (answer[name] !== settings[name]) throw invalid(`the answer of ${title} is about another ${name}`);
  }
}
