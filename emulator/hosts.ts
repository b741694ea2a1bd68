import { askedHost, type Handler } from './http.ts';

/** Hosts of one kind, each under a name of its own: the first segment of the path, or the first label of the host that the caller meant. One is there as soon as anybody names it. */
export function createHosts<Host extends { handle: Handler }>(create: (name: string) => Host) {
  const hosts = new Map<string, Host>();
  const of = (name: string): Host => {
    const host = hosts.get(name) ?? create(name);
    hosts.set(name, host);
    return host;
  };
  const handle: Handler = (call) => {
    const [label] = askedHost(call)?.split('.') ?? [];
    if (label !== undefined) return of(label).handle(call);
    const [, name = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(call.path) ?? [];
    return of(decodeURIComponent(name)).handle({ ...call, path: rest || '/', base: `${call.base}/${name}` });
  };
  return { of, handle };
}
