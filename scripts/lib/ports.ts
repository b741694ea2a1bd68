import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { SetupError } from './say.ts';

const tryPort = (port: number): Promise<number> =>
  new Promise((done, refuse) => {
    const server = createServer();
    server.once('error', refuse);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : port));
    });
  });

/** Systems hand out ports above these to whoever asks for any, also for calls outwards: one of those may be taken again at any moment. */
const OWN_FIRST = 10_000;
const OWN_COUNT = 22_000;

/** A port nobody holds now, on loopback, and that no system hands to another program by itself. */
export async function freePort(): Promise<number> {
  for (;;) {
    const found = await tryPort(randomInt(OWN_FIRST, OWN_FIRST + OWN_COUNT)).catch(() => undefined);
    if (found !== undefined) return found;
  }
}

/** `variable` is the name that moves this port, told to whoever has to. */
export const requireFreePort = async (port: number, what: string, variable: string): Promise<void> => {
  await tryPort(port).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES') {
      throw new SetupError(
        `Port ${port} (${what}) may not be used by this user: choose one above 1024 with ${variable}.`,
      );
    }
    throw new SetupError(
      `Port ${port} (${what}) is in use by another program: stop that program, or choose another port, for example ${variable}=${port + 100} npm start.`,
    );
  });
};
