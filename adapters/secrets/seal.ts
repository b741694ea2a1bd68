import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const FORMAT = Buffer.from('BZS1');
const IV = 12;
const TAG = 16;

/** AES-256-GCM. `context` is authenticated with the text: a sealed file moved to another place does not open. */
export const seal = (key: Buffer, context: string, text: string): Buffer => {
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([FORMAT, iv, cipher.getAuthTag(), body]);
};

/** Null when it was sealed with another key, for another place, or is damaged. */
export const unseal = (key: Buffer, context: string, sealed: Buffer): string | null => {
  const head = FORMAT.length + IV + TAG;
  if (sealed.length < head || !sealed.subarray(0, FORMAT.length).equals(FORMAT)) return null;
  const iv = sealed.subarray(FORMAT.length, FORMAT.length + IV);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG })
    .setAAD(Buffer.from(context))
    .setAuthTag(sealed.subarray(FORMAT.length + IV, head));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(head)), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
};
