import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Fault } from '../../../ports/errors.ts';
import { answerOf } from './answer.ts';
import { isPassing, isUntrusted, noVault, silenceFault } from './faults.ts';

const ATTEMPT_MS = 2500;
const TRIES = 4;
/** After this no further attempt begins: somebody waits for us. */
const BUDGET_MS = 5000;
const PAUSE_MS = 150;
const PAUSE_MS_MAX = 2000;
const BYTES_MAX = 16 * 1024 * 1024;

export interface TransportOptions {
  /** File of the certificate authority, PEM; null: those that Node trusts. */
  caFile: string | null;
  /** For one attempt: connection, answer and body. */
  attemptMs?: number | undefined;
  tries?: number | undefined;
}

/** As node-vault hands a request over. */
interface Outgoing {
  method: string;
  uri: string;
  headers?: Record<string, string>;
  json?: unknown;
}

/** As node-vault takes an answer. */
interface Incoming {
  statusCode: number;
  body: unknown;
  request: { path: string };
}

export interface Transport {
  send: (outgoing: Outgoing) => Promise<Incoming>;
  close: () => Promise<void>;
}

/** What stands between may answer 502 and the like in HTML: that is an outage, and no other server. */
const jsonOf = (statusCode: number, text: string): unknown => {
  try {
    return text === '' ? '' : JSON.parse(text);
  } catch {
    if (statusCode >= 500) return '';
    throw noVault();
  }
};

/**
 * How requests travel, in place of node-vault's own: with a deadline on every attempt, a few tries where another may help,
 * no proxy of the environment, and no error that holds a header. No second attempt does more than the first did.
 */
export const createTransport = ({ caFile, attemptMs = ATTEMPT_MS, tries = TRIES }: TransportOptions): Transport => {
  let opened: Promise<Agent> | undefined;
  const open = async () => {
    const ca = caFile === null ? undefined : await readFile(caFile, 'utf8').catch(() => undefined);
    if (caFile !== null && ca === undefined) {
      throw new Fault('unavailable', 'The file that VAULT_CACERT names cannot be read; check its path and its rights.');
    }
    const connect = { timeout: attemptMs, ...(ca !== undefined && { ca }) };
    return new Agent({ connect, connections: 32, maxResponseSize: BYTES_MAX });
  };
  const agent = () =>
    (opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));

  const attempt = async ({ method, uri, headers = {}, json }: Outgoing, mayFollow = true): Promise<Attempt> => {
    const {
      statusCode,
      headers: said,
      body,
    } = await request(uri, {
      method: method as 'GET',
      headers: {
        ...headers,
        'x-vault-request': 'true',
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      body: json === undefined ? null : JSON.stringify(json),
      signal: AbortSignal.timeout(attemptMs),
      dispatcher: await agent(),
    });
    const text = await body.text();
    const location = typeof said.location === 'string' ? new URL(said.location, uri) : null;
    // A standby names the active one. Never from TLS to none: the token goes with it.
    if (mayFollow && [307, 308].includes(statusCode) && location?.protocol === new URL(uri).protocol) {
      return attempt({ method, uri: location.href, headers, json }, false);
    }
    const after = Number(said['retry-after']) * 1000;
    return {
      statusCode,
      body: jsonOf(statusCode, text),
      request: { path: new URL(uri).pathname },
      afterMs: after > 0 ? after : 0,
    };
  };

  const send: Transport['send'] = async (outgoing) => {
    const began = Date.now();
    for (let nth = 1; ; nth += 1) {
      const isLast = () => nth >= tries || Date.now() - began > BUDGET_MS;
      let afterMs = 0;
      try {
        const answer = await attempt(outgoing);
        const read = answerOf(answer.statusCode, answer.body);
        if (read === null) throw noVault();
        if (!isPassing(read) || isLast()) return answer;
        afterMs = answer.afterMs;
      } catch (error) {
        if (isLast() || error instanceof Fault || isUntrusted(error)) throw silenceFault(error);
      }
      const spread = PAUSE_MS * 2 ** (nth - 1) * (0.5 + Math.random());
      await pause(Math.min(Math.max(spread, afterMs), PAUSE_MS_MAX));
    }
  };

  return {
    send,
    close: async () =>
      void (await opened?.then(
        (open) => open.destroy(),
        () => undefined,
      )),
  };
};

interface Attempt extends Incoming {
  /** How long Vault asks us to wait, in milliseconds. */
  afterMs: number;
}
