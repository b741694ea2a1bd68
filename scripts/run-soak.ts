// The inner half of `npm run soak -- <name>`: proofs that take too long for every `npm test`, by the same tests.
import { fail, SetupError } from './lib/say.ts';

const SOAKS: Record<string, { files: string; env: Record<string, string> }> = {
  refresh: {
    files: 'workers/faults/refresh-storm',
    env: {
      BIZ_SOAK_REFRESH: JSON.stringify({ processes: 4, callers: 200, generations: 1000, killEveryMs: 5000 }),
    },
  },
  agents: { files: 'workflows/run-agent-long', env: { BIZ_SOAK_STEPS: '500' } },
  connection: { files: 'workflows/connection-life.timeskip', env: { BIZ_SOAK_DAYS: '400' } },
};

const [name = '', ...rest] = process.argv.slice(2);
const soak = Object.hasOwn(SOAKS, name) ? SOAKS[name] : undefined;
if (!soak) {
  fail(new SetupError(`Name a proof: there are ${Object.keys(SOAKS).join(', ')}.`));
  process.exit(1);
}
Object.assign(process.env, { ...soak.env, ...process.env });
process.argv.splice(2, process.argv.length, soak.files, ...rest);
await import('./run-tests.ts');
