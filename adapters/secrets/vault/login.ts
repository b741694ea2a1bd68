import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../../../ports/errors.ts';
import { isFault } from '../../../ports/errors.ts';
import type { VaultAnswer } from './answer.ts';
import { loginFault, requireVerdict } from './faults.ts';
import type { AskAs } from './secret-id.ts';

/** Vault locks a role out that is tried too often with a wrong secret_id. */
const REFUSED_MS = 5 * 60_000;
const RETRY_MS = 5000;
const CLOSE_MS = 1000;
const TIMER_MS_MAX = 24 * 60 * 60_000;

export interface Token {
  value: string;
  /** The role's name in Vault, once it is known. */
  roleName: string | null;
}

interface Held extends Token {
  leaseMs: number;
  /** Of the first lease, before any renewal. */
  fullMs: number;
  /** Milliseconds of the epoch; Infinity: it has no lease. */
  endsAt: number;
  renewable: boolean;
}

export interface Login {
  /** The token of this process: got at the first call, shared by all, never one whose lease is over. */
  token: () => Promise<Token>;
  /** Another in place of one that Vault no longer takes; of many callers with the same one, one logs in. */
  after: (dead: Token) => Promise<Token>;
  /** In again although the token is good, by the secret_id of now. */
  again: () => Promise<Token>;
  /** Whether that secret_id opens; the token is given back at once. */
  tryOut: (secretId: string) => Promise<void>;
  /** Gives the token back. */
  close: () => Promise<void>;
}

interface LoginOptions {
  roleId: string;
  appRoleMount: string;
  secretId: () => Promise<string>;
  ask: AskAs;
}

/** AppRole: in at the first use, renewed at two thirds of the lease, in again when that is refused. */
export const createLogin = ({ roleId, appRoleMount, secretId, ask }: LoginOptions): Login => {
  let current: Promise<Held> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let refused: { secretId: string; until: number; fault: Fault } | undefined;
  let closed = false;

  const heldOf = (answer: VaultAnswer, askedAt: number, roleName: string | null): Held | null => {
    if (answer.status !== 200 || !answer.auth) return null;
    const { client_token: value, lease_duration: seconds, renewable, metadata } = answer.auth;
    const leaseMs = seconds * 1000;
    const endsAt = leaseMs === 0 ? Number.POSITIVE_INFINITY : askedAt + leaseMs;
    return { value, leaseMs, fullMs: leaseMs, endsAt, renewable, roleName: metadata?.['role_name'] ?? roleName };
  };

  const enterBy = async (mine: string): Promise<Held> => {
    const askedAt = Date.now();
    const answer = await ask(`auth/${appRoleMount}/login`, { role_id: roleId, secret_id: mine }, null);
    const held = heldOf(answer, askedAt, null);
    if (held !== null) return held;
    requireVerdict(answer, roleId, 'its login');
    throw loginFault(roleId);
  };
  const enter = async (): Promise<Held> => {
    const mine = await secretId();
    if (refused?.secretId === mine && Date.now() < refused.until) throw refused.fault;
    refused = undefined;
    return enterBy(mine).catch((error: unknown) => {
      if (isFault(error, 'secrets_denied')) refused = { secretId: mine, until: Date.now() + REFUSED_MS, fault: error };
      throw error;
    });
  };
  const giveBack = async ({ value }: Token) =>
    void (await ask('auth/token/revoke-self', {}, value).catch(() => undefined));

  const keep = (entering: Promise<Held>): Promise<Held> => {
    current = entering;
    entering.then(watch, () => {
      if (current === entering) current = undefined;
    });
    return entering;
  };

  const watch = ({ leaseMs, endsAt }: Held) => {
    clearTimeout(timer);
    if (!closed && endsAt !== Number.POSITIVE_INFINITY) wakeIn((leaseMs * 2) / 3);
  };
  const wakeIn = (ms: number) => {
    timer = setTimeout(() => void renew(), Math.min(ms, TIMER_MS_MAX)).unref();
  };

  /** What goes wrong here is met again by the next caller, who is told; until the lease ends there is time to try again. */
  const renew = async (): Promise<void> => {
    const before = current;
    try {
      const held = await before;
      if (held === undefined || closed) return;
      const next = (held.renewable ? await renewed(held) : null) ?? (await enter());
      if (current === before) void keep(Promise.resolve(next));
    } catch (error) {
      if (!closed && !isFault(error, 'secrets_denied')) wakeIn(RETRY_MS);
    }
  };

  /** Null when Vault refuses, or gives so little that the role's longest time must be near. */
  const renewed = async (held: Held): Promise<Held | null> => {
    const askedAt = Date.now();
    const answer = await ask('auth/token/renew-self', {}, held.value);
    requireVerdict(answer, roleId, 'its token');
    const next = heldOf(answer, askedAt, held.roleName);
    return next !== null && next.leaseMs * 2 > held.fullMs ? { ...next, fullMs: held.fullMs } : null;
  };

  return {
    async token() {
      const mine = current;
      if (mine === undefined) return keep(enter());
      const held = await mine;
      if (Date.now() < held.endsAt) return held;
      return current === mine || current === undefined ? keep(enter()) : current;
    },

    async after(dead) {
      const mine = current;
      const held = await mine?.catch(() => undefined);
      if (held !== undefined && held.value !== dead.value) return held;
      return current === mine || current === undefined ? keep(enter()) : current;
    },

    again: () => keep(enter()),
    tryOut: async (mine) => giveBack(await enterBy(mine)),

    async close() {
      closed = true;
      clearTimeout(timer);
      const held = current?.then(giveBack, () => undefined);
      current = undefined;
      // A Vault that is away keeps nobody from ending; the lease ends by itself.
      await Promise.race([held, pause(CLOSE_MS, undefined, { ref: false })]);
    },
  };
};
