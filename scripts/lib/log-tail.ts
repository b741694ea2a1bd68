import { open, stat } from 'node:fs/promises';

const TAIL_BYTES = 32 * 1024;

export const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => undefined))?.size ?? 0;

/** What was written to the file since `from`, at most its last 32 KB. */
export const readSince = async (file: string, from: number): Promise<string> => {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, size - start)), { position: start });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
};

const asJson = (line: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** The first line that is a JSON object with `ready` or `url`: how a program of ours says that it is ready. */
export const readyLine = (text: string): Record<string, unknown> | undefined =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => (line.startsWith('{') ? asJson(line) : undefined))
    .find((value) => value && (value.ready === true || typeof value.url === 'string'));

const messageOf = (line: string): string => {
  const entry = line.startsWith('{') ? asJson(line) : undefined;
  const message = entry?.msg ?? entry?.message ?? entry?.error;
  return typeof message === 'string' ? message : line;
};

/** The line that tells a person most: the last error, else the last line. */
export const lastWords = (text: string): string => {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const worded = lines.filter((line) => !/^at |^\^+$|^Node\.js v|^[{}[\]]+,?$/.test(line));
  const error = worded.findLast((line) => /error|fault|fatal|panic|invalid|cannot|refused|"level":(50|60)/i.test(line));
  return messageOf(error ?? worded.at(-1) ?? 'it said nothing').slice(0, 300);
};
