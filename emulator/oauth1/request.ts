import { formBody, isForm, type Call } from '../http.ts';

export interface OAuthRequest {
  /** The protocol's own parameters, from wherever they were sent. */
  protocol: Record<string, string | undefined>;
  /** All that a signature covers. */
  signed: [name: string, value: string][];
}

/** RFC 5849 §3.4.1.3.1: from the header, the query and a form. */
export function readRequest(call: Call): OAuthRequest {
  const all = [...inHeader(call), ...call.query, ...(isForm(call) ? formBody(call) : [])];
  return {
    protocol: Object.fromEntries(all.filter(([name]) => name.startsWith('oauth_'))),
    signed: all.filter(([name]) => name !== 'realm' && name !== 'oauth_signature'),
  };
}

function inHeader({ headers }: Call): [string, string][] {
  const [, list] = /^OAuth\s+(.*)$/is.exec(headers.authorization ?? '') ?? [];
  return [...(list ?? '').matchAll(/([^\s,="]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
    decoded(name),
    decoded(value),
  ]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
