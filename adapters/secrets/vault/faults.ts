import { Fault } from '../../../ports/errors.ts';
import type { VaultAnswer } from './answer.ts';

const UPGRADING = /upgrading from non-versioned/i;
const STANDBY = /node not active|standby|active (cluster )?node not found/i;
const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH)/;

const said = ({ errors }: VaultAnswer, words: RegExp) => errors.some((error) => words.test(error));

const isSealed = (answer: VaultAnswer) => answer.status === 503 && said(answer, /sealed/i);

/** Whether the same may work in a moment. A sealed Vault waits for a person, who takes longer than we wait. */
export const isPassing = (answer: VaultAnswer) =>
  [412, 429, 472, 473].includes(answer.status) ||
  (answer.status >= 500 && answer.status !== 501 && !isSealed(answer)) ||
  (answer.status === 400 && said(answer, UPGRADING));

const unavailable = (message: string) => new Fault('unavailable', message);

/** What an answer that is none of those asked for means, and who mends it. `what` was asked. */
export const answerFault = (answer: VaultAnswer, role: string, what: string): Fault => {
  const { status } = answer;
  if (isSealed(answer)) {
    return unavailable('Vault is sealed: whoever runs it must unseal it; all goes on from there by itself.');
  }
  if (status === 501) return unavailable('Vault is not initialised: whoever runs it must do so first.');
  if ([472, 473].includes(status) || said(answer, STANDBY)) {
    return unavailable(
      'This Vault stands by for another one that it does not reach: let VAULT_ADDR name the active one.',
    );
  }
  if (status === 429) return unavailable('Vault limits how often it is asked; try again in a moment.');
  if (status === 401 || status === 403) {
    return new Fault(
      'secrets_denied',
      `Vault does not allow the role ${role} this: ${what}; its policies must be mended (docs/vault.md).`,
    );
  }
  if (status === 404) return unavailable(`Vault knows no such place for ${what}: check VAULT_MOUNT and the mounts.`);
  if (status === 413) return new Fault('too_large', 'The secret is too large for Vault.');
  return unavailable(`Vault answers ${status} to ${what}; its own log says why.`);
};

/** Throws unless Vault itself said yes or no: a sealed Vault has refused nobody. */
export const requireVerdict = (answer: VaultAnswer, role: string, what: string): void => {
  const { status, errors } = answer;
  const isNowhere = status === 404 && errors.some((error) => error.includes('no handler'));
  if (status >= 500 || isPassing(answer) || isNowhere) throw answerFault(answer, role, what);
};

/** How the operating system and the HTTP client name what broke. */
export const codeOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : '';
};

export const isUntrusted = (error: unknown) => TLS.test(codeOf(error));

/** No answer at all. The error itself is not passed on: it may hold the request, and with it a token. */
export const silenceFault = (error: unknown): Fault => {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  if (isUntrusted(error)) {
    return unavailable(
      `Vault's certificate is not trusted (${code}): let VAULT_CACERT name the file of the authority that signed it.`,
    );
  }
  if (typeof error === 'object' && error !== null && 'name' in error && error.name === 'TimeoutError') {
    return unavailable('Vault took too long to answer; try again in a moment.');
  }
  return unavailable(`Vault cannot be reached${code && ` (${code})`}: check VAULT_ADDR, and that it runs.`);
};

export const noVault = () => unavailable('What answers at VAULT_ADDR is no Vault: check the address.');

export const loginFault = (role: string) =>
  new Fault(
    'secrets_denied',
    `Vault refuses the role ${role} its login: its secret_id is wrong, expired, used up or revoked; give it a new one (npm run vault:init).`,
  );
