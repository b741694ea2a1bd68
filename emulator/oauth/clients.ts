import type { Call } from '../http.ts';

/** The one app of ours that every emulated vendor knows, as a developer console would show it. */
export const CLIENT = { id: 'emulated-client', secret: 'emulated-secret' };

export type ClientRefusal = 'client_unknown' | 'client_secret' | 'client_disabled';

export type Clients = ReturnType<typeof createClients>;

/** Which apps are registered, and where they may send people back to. */
export function createClients(methods: readonly ('body' | 'basic')[]) {
  let disabled = false;
  let registered: string[] = [];
  let secrets: string[] = [CLIENT.secret];

  const check = (id: string | null, secret: string | null): ClientRefusal | undefined => {
    if (id !== CLIENT.id) return 'client_unknown';
    if (disabled) return 'client_disabled';
    return secret !== null && secrets.includes(secret) ? undefined : 'client_secret';
  };

  return {
    check,
    knows: (id: string | null): boolean => id === CLIENT.id && !disabled,
    /** By the ways of client authentication that the vendor looks at, and no other. */
    authenticate({ headers }: Call, params: URLSearchParams): ClientRefusal | undefined {
      const [, basic] = methods.includes('basic') ? (/^Basic (\S+)$/i.exec(headers.authorization ?? '') ?? []) : [];
      if (basic !== undefined) {
        // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
        const pair = Buffer.from(basic, 'base64').toString('utf8').split(':', 2).map(formDecoded);
        return check(pair[0] ?? null, pair[1] ?? null);
      }
      return methods.includes('body') ? check(params.get('client_id'), params.get('client_secret')) : 'client_unknown';
    },
    /** Exactly as registered; with nothing registered, TLS or the person's own machine, any port. */
    redirectAllowed(uri: string): boolean {
      if (registered.length > 0) return registered.includes(uri);
      const url = URL.canParse(uri) ? new URL(uri) : undefined;
      if (!url || url.hash) return false;
      const own = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
      return url.protocol === 'https:' || (url.protocol === 'http:' && own);
    },
    register: (uris: string[]): void => void (registered = uris),
    /** Those that are valid from now on: two, while a person exchanges one for the other. */
    setSecrets: (valid: string[]): void => void (secrets = valid),
    isEnabled: (): boolean => !disabled,
    disable: (on: boolean): void => void (disabled = on),
  };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
