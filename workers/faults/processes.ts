import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_MS = 40_000;
const WORDS_MAX = 20_000;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A program of the house in a process of its own. */
export interface Program {
  pid: number;
  /** Of its ready line; empty for a worker. */
  url: string;
  /** Its end, whatever brought it. */
  exited: Promise<Exit>;
  alive: () => boolean;
  signal: (signal: 'SIGKILL' | 'SIGTERM') => void;
  /** Sends a message, and resolves with the next one that comes back; null when the program ends before. */
  ask: (question: object) => Promise<unknown>;
  /** The end of what it printed. */
  words: () => string;
}

/** Starts an entry point, and returns when it says that it is ready. It ends with us: the channel to it closes. */
export async function startProgram(
  entry: string,
  env: Record<string, string>,
  hear: (words: string) => void = () => undefined,
): Promise<Program> {
  const child = spawn(process.execPath, [entry], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let said = '';
  const exited = (once(child, 'exit') as Promise<[Exit['code'], Exit['signal']]>).then(([code, signal]) => ({
    code,
    signal,
  }));
  const ready = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      hear(chunk);
      said = (said + chunk).slice(-WORDS_MAX);
      const line = /^\{"ready":true.*\}$/m.exec(said)?.[0];
      if (line !== undefined) ready.resolve((JSON.parse(line) as { url?: string }).url ?? '');
    });
  }
  const late = setTimeout(() => ready.reject(new Error(`${entry} was not ready in time: ${said}`)), READY_MS);
  void exited.then(({ code }) => ready.reject(new Error(`${entry} ended with ${code ?? 'a signal'}: ${said}`)));
  const program = {
    pid: child.pid ?? 0,
    exited,
    alive: () => child.exitCode === null && child.signalCode === null,
    signal: (signal: 'SIGKILL' | 'SIGTERM') => void child.kill(signal),
    ask: (question: object) => {
      const answer = once(child, 'message').then(([message]: unknown[]) => message);
      child.send(question, () => undefined);
      return Promise.race([answer, exited.then(() => null)]);
    },
    words: () => said,
  };
  try {
    return { ...program, url: await ready.promise };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(late);
  }
}
