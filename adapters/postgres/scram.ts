import { createHash, createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';

/** PostgreSQL's own default. */
const ROUNDS = 4096;

/**
 * What PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 5803), made here, so that a statement that sets a password, and
 * whatever logs that statement, holds none. The password is plain ASCII: it is not prepared by RFC 4013.
 */
export const scramVerifier = async (password: string, salt: Buffer): Promise<string> => {
  const salted = await promisify(pbkdf2)(password, salt, ROUNDS, 32, 'sha256');
  const keyed = (name: string) => createHmac('sha256', salted).update(name).digest();
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ROUNDS}:${salt.toString('base64')}$${storedKey}:${keyed('Server Key').toString('base64')}`;
};
