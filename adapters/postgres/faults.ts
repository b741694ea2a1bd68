import { InvalidInputError } from 'slonik';
import { Fault } from '../../ports/errors.ts';

const codeOf = (error: unknown): string | undefined => {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    // Several addresses of one host were tried and each failed.
    if (at instanceof AggregateError && at.errors.length > 0) return codeOf(at.errors[0]);
  }
  return undefined;
};

const textOf = (error: unknown): string => {
  const texts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) texts.push(at.message);
  return texts.join(' ');
};

const SOCKET_CODES = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOENT)/;
// Slonik and pg say these without a code. "Client is …" is what a query meets after its connection was cut.
const LOST = /connection (terminated|error)|timeout expired|client is (pending destroy|destroyed|not acquired)|backend terminated|not queryable/i;

/** The connection went away under a transaction: nothing of it was kept, or all was, and every store may be asked again. */
const isLost = (error: unknown) => /^(57P0[12]|08)/.test(codeOf(error) ?? '') || LOST.test(textOf(error));
const isUnreachable = (error: unknown) =>
  isLost(error) || /^(57P03|53300)/.test(codeOf(error) ?? '') || SOCKET_CODES.test(codeOf(error) ?? '');

/** Whether the whole transaction may simply be run again: terminated backend, serialization conflict, deadlock. */
export const isTransient = (error: unknown) => /^(40001|40P01)/.test(codeOf(error) ?? '') || isLost(error);

const unavailable = (message: string, cause: unknown) => new Fault('unavailable', message, { cause });

/** What a failure of the database means to a caller; what is nobody's fault but ours comes back as it is. */
export const asFault = (error: unknown): unknown => {
  if (error instanceof Fault) return error;
  // Slonik drops the code of 22P02.
  const code = error instanceof InvalidInputError ? '22P02' : codeOf(error);
  switch (code) {
    case '53100':
      return unavailable('The disk of the database is full; free some space and try again.', error);
    case '25006':
      return unavailable('The database is read-only at the moment; make it writable and try again.', error);
    case '40001':
    case '40P01':
      return unavailable('The database is too busy with the same rows; try again in a moment.', error);
    case '57014':
      return unavailable('The database took too long to answer; try again in a moment.', error);
    case '28P01':
    case '28000':
    case '3D000':
      return unavailable('The database refuses the login of DATABASE_URL; correct user, password and database name.', error);
    case '42P01':
    case '42703':
    case '22023':
      return unavailable('The database has not the tables of this version; run `npm run migrate`.', error);
    case '22021':
    case '22P05':
    case '22P02':
    case '22007':
    case '22008':
    case '23514':
      return new Fault('invalid_request', 'The database refuses a value; send well-formed text, ids and times.', { cause: error });
    case '54000':
      return new Fault('too_large', 'The value is too large to be kept; send less.', { cause: error });
    case '23503':
      return new Fault('not_found', 'What this belongs to is gone; begin again from there.', { cause: error });
    default:
      return isUnreachable(error)
        ? unavailable('The database does not answer; it is being restarted, or DATABASE_URL is wrong.', error)
        : error;
  }
};
