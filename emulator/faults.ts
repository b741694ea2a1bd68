import type { Reply } from './http.ts';

/**
 * `status` answers without processing; `html` likewise, with a proxy's error page; `hang` never answers; `reset` cuts
 * before processing; `drop-after` processes, then cuts without an answer (a lost response); `cut` processes and breaks
 * off in the middle of the answer; `body` processes and answers with another body; `delay` waits, then processes;
 * `hold` waits for `release()`, then processes, even if the caller has gone meanwhile.
 */
export const FAULT_KINDS = ['status', 'html', 'hang', 'reset', 'drop-after', 'cut', 'body', 'delay', 'hold'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultRule {
  /** `path` beginning with `/` is a prefix, any other string a regular expression; both see path and query. */
  match: { method?: string; path: string };
  kind: FaultKind;
  /** How many requests it hits before it is used up; 1 unless said. */
  times?: number;
  /** How many matching requests pass first: the third page fails with `skip: 2`. */
  skip?: number;
  status?: number;
  headers?: Record<string, string>;
  /** A string goes out as it is, anything else as JSON. */
  body?: unknown;
  ms?: number;
}

/** One unit of a rule, taken by one request. */
type Fault = Omit<FaultRule, 'match' | 'times' | 'skip'>;

export interface FaultList {
  add: (rule: FaultRule) => void;
  /** Rules not yet used up, `times` being what is left. */
  pending: () => FaultRule[];
  /** Lets every request held by `hold` go on. */
  release: () => void;
  /** Forgets every rule and releases what is held. */
  clear: () => void;
  take: (call: { method: string; url: string }) => Fault | undefined;
  apply: (fault: Fault, proceed: () => Promise<Reply>) => Promise<Reply>;
}

export function createFaults(): FaultList {
  let rules: { rule: FaultRule; hits: (call: { method: string; url: string }) => boolean }[] = [];
  let held: (() => void)[] = [];

  const release = () => {
    const waiting = held;
    held = [];
    for (const proceed of waiting) proceed();
  };

  return {
    add(rule) {
      rules.push({ rule: { times: 1, skip: 0, ...rule }, hits: matcher(rule.match) });
    },
    pending: () => rules.map(({ rule }) => ({ ...rule })),
    release,
    clear() {
      rules = [];
      release();
    },
    take(call) {
      for (const entry of rules) {
        const { rule } = entry;
        if (!entry.hits(call)) continue;
        if (rule.skip) {
          rule.skip -= 1;
          continue;
        }
        rule.times = (rule.times ?? 1) - 1;
        if (rule.times <= 0) rules = rules.filter((other) => other !== entry);
        return rule;
      }
      return undefined;
    },
    async apply(fault, proceed) {
      if (fault.kind === 'hold') await new Promise<void>((resolve) => held.push(resolve));
      if (fault.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms ?? 1000));
      return spoil(fault, proceed);
    },
  };
}

export function matcher(match: { method?: string; path: string }) {
  const pattern = match.path.startsWith('/') ? undefined : new RegExp(match.path);
  return ({ method, url }: { method: string; url: string }): boolean =>
    (!match.method || match.method.toUpperCase() === method) && (pattern?.test(url) ?? url.startsWith(match.path));
}

async function spoil(fault: Fault, proceed: () => Promise<Reply>): Promise<Reply> {
  switch (fault.kind) {
    case 'hang':
      return { status: 0, ending: 'hang' };
    case 'reset':
      return { status: 0, ending: 'reset' };
    case 'status':
      return made(fault, fault.status ?? 500, {});
    case 'html': {
      const status = fault.status ?? 502;
      const page = `<!doctype html><html><head><title>${status}</title></head><body><h1>${status} Bad gateway</h1></body></html>`;
      return made({ ...fault, body: fault.body ?? page }, status, { 'content-type': 'text/html; charset=utf-8' });
    }
    case 'body': {
      const real = await proceed();
      const kept = { ...real };
      delete kept.chunks;
      const { body } = made(fault, 200, {});
      return {
        ...kept,
        status: fault.status ?? real.status,
        headers: { ...real.headers, ...fault.headers },
        body: body ?? '',
      };
    }
    case 'drop-after':
      return { ...(await proceed()), ending: 'reset' };
    case 'cut':
      return { ...(await proceed()), ending: 'cut' };
    case 'delay':
    case 'hold':
      return proceed();
  }
}

function made(fault: Fault, status: number, headers: Record<string, string>): Reply {
  const raw = typeof fault.body === 'string';
  const body = raw ? (fault.body as string) : JSON.stringify(fault.body ?? { error: `fault: status ${status}` });
  const type = raw ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  return { status, headers: { 'content-type': type, ...headers, ...fault.headers }, body };
}
