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

/** A port nobody holds now, on loopback. */
export const freePort = (): Promise<number> => tryPort(0);

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
