import { createEmulator } from './server.ts';

const DEFAULT_PORT = 3005;

const asked = process.env['EMULATOR_PORT'];
const port = asked ? Number(asked) : DEFAULT_PORT;

const fail = (sentence: string): never => {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
};

if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  fail(`EMULATOR_PORT is ${asked ?? ''}, which is no port: give a number from 1 to 65535.`);
}

const folder = process.env['EMULATOR_DATA_DIR'];
const emulator = createEmulator(folder ? { folder } : {});
const stop = () => void emulator.close().then(() => process.exit(0));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);

try {
  const url = await emulator.listen(port);
  process.stdout.write(`${JSON.stringify({ url })}\n`);
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    fail(`Port ${port} is in use: stop what listens there or set EMULATOR_PORT to another port.`);
  fail(`The emulator cannot listen on port ${port}: ${message}.`);
}
