import { InvalidInputError } from 'slonik';
import type { FaultCode } from '../../ports/errors.ts';
import { Fault } from '../../ports/errors.ts';

interface Thrown {
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  errors?: unknown[];
}
/** The error and its causes, by shape: under jest, an error of Node itself is no `Error` of the test's realm. */
const chain = (error: unknown): Thrown[] => {
  const links: Thrown[] = [];
  for (let at = error; typeof at === 'object' && at !== null && links.length < 10; at = (at as Thrown).cause)
    links.push(at);
  return links;
};

const codeOf = (error: unknown): string | undefined => {
  for (const { code, errors } of chain(error)) {
    if (typeof code === 'string') return code;
    // Several addresses of one host were tried and each failed.
    if (errors?.[0]) return codeOf(errors[0]);
  }
  return undefined;
};

const textOf = (error: unknown): string =>
  chain(error)
    .map(({ message }) => (typeof message === 'string' ? message : ''))
    .join(' ');

const SOCKET_CODES = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOENT)/;
// Slonik and pg say these without a code. "Client is …" is what a query meets after its connection was cut.
const LOST =
  /connection (terminated|error)|timeout expired|client is (pending destroy|destroyed|not acquired)|backend terminated|not queryable/i;

/** The connection went away under a transaction: nothing of it was kept, or all was, and every store may be asked again. */
const isLost = (error: unknown) => /^(57P0[12]|08)/.test(codeOf(error) ?? '') || LOST.test(textOf(error));
const isUnreachable = (error: unknown) =>
  isLost(error) || /^(57P03|53300)/.test(codeOf(error) ?? '') || SOCKET_CODES.test(codeOf(error) ?? '');

/** Whether the whole transaction may simply be run again: terminated backend, serialization conflict, deadlock. */
export const isTransient = (error: unknown) => /^(40001|40P01)/.test(codeOf(error) ?? '') || isLost(error);

/** Also of a Fault that was made of such an error. */
export const hasSqlState = (error: unknown, ...states: string[]) =>
  chain(error).some(({ code }) => typeof code === 'string' && states.includes(code));
export const isLoginRefused = (error: unknown) => hasSqlState(error, '28P01', '28000');

/** One sentence with the mend for each SQLSTATE that is not our own mistake. */
const MEANING: Record<string, [FaultCode, string]> = {
  '53100': ['unavailable', 'The disk of the database is full; free some space and try again.'],
  '25006': ['unavailable', 'The database is read-only at the moment; make it writable and try again.'],
  '40001': ['unavailable', 'The database is too busy with the same rows; try again in a moment.'],
  '40P01': ['unavailable', 'The database is too busy with the same rows; try again in a moment.'],
  '57014': ['unavailable', 'The database took too long to answer; try again in a moment.'],
  '28P01': ['unavailable', 'The database refuses the login of DATABASE_URL; correct its user and password.'],
  '28000': ['unavailable', 'The database refuses the login of DATABASE_URL; correct its user and password.'],
  '3D000': ['unavailable', 'The database that DATABASE_URL names does not exist; create it or correct the name.'],
  '42P01': ['unavailable', 'The database has not the tables of this version; run `npm run migrate`.'],
  '42703': ['unavailable', 'The database has not the tables of this version; run `npm run migrate`.'],
  '22023': ['unavailable', 'The database has not the role of this version; run `npm run migrate`.'],
  '22021': ['invalid_request', 'The text contains a NUL byte or is not UTF-8; correct it.'],
  '22P05': ['invalid_request', 'The text contains a NUL byte; remove it.'],
  '22P02': ['invalid_request', 'An id, a number or half a surrogate pair is malformed; correct it.'],
  '22003': ['invalid_request', 'A number is out of range; correct it.'],
  '22007': ['invalid_request', 'A time is malformed; send ISO 8601.'],
  '22008': ['invalid_request', 'A time is out of range; correct it.'],
  '23514': ['invalid_request', 'A value is not one of those allowed here; correct it.'],
  '54000': ['too_large', 'The value is too large to be kept; send less.'],
  '23503': ['not_found', 'What this belongs to is gone; begin again from there.'],
};
const UNREACHABLE = 'The database does not answer; it is being restarted, or DATABASE_URL is wrong.';

/** What a failure of the database means to a caller; what is nobody's fault but ours comes back as it is. */
export const asFault = (error: unknown): unknown => {
  if (error instanceof Fault) return error;
  // Slonik drops the code of 22P02.
  const code = error instanceof InvalidInputError ? '22P02' : codeOf(error);
  const meaning = code === undefined ? undefined : MEANING[code];
  if (meaning) return new Fault(...meaning, { cause: error });
  return isUnreachable(error) ? new Fault('unavailable', UNREACHABLE, { cause: error }) : error;
};
