// The inner half of `npm run bench [-- name …]`: runs the measurements named, or all, and prints each figure with what it was held against.
import { measureAgents } from '../bench/agents.ts';
import { measureConnections } from '../bench/connections.ts';
import { measureEngine } from '../bench/engine.ts';
import { measureLimits } from '../bench/limits.ts';
import { measureOnboarding } from '../bench/onboarding.ts';
import { measureSecrets } from '../bench/secrets.ts';
import { measureStart } from '../bench/start.ts';
import { measureSync } from '../bench/sync.ts';
import { fail, say, SetupError } from './lib/say.ts';

const measurements = {
  start: measureStart,
  onboarding: measureOnboarding,
  sync: async () => [...(await measureEngine()), ...(await measureSync())],
  limits: measureLimits,
  connections: measureConnections,
  secrets: measureSecrets,
  agents: measureAgents,
};
type Name = keyof typeof measurements;
const isName = (name: string): name is Name => Object.hasOwn(measurements, name);

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !isName(name));
try {
  if (unknown.length > 0) {
    throw new SetupError(
      `There is no measurement ${unknown.join(', ')}: there are ${Object.keys(measurements).join(', ')}.`,
    );
  }
  const names = asked.length > 0 ? asked.filter(isName) : (Object.keys(measurements) as Name[]);
  for (const name of names) {
    say(`\n${name}`);
    for (const { figure, value, against } of await measurements[name]()) {
      say(`  ${figure.padEnd(58)} ${value.padStart(14)}${against === undefined ? '' : `   ${against}`}`);
    }
  }
  process.exit(0);
} catch (error) {
  fail(error);
  process.exit(1);
}
