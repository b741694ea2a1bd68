// The inner half of `npm run contract [id …] [-- --json]`: what each connector promises, tried against the emulator.
import { CASES } from './contract/cases/index.ts';
import { openGround } from './contract/ground.ts';
import { judge } from './contract/run.ts';
import { score, table } from './contract/table.ts';
import { fail, say, SetupError } from './lib/say.ts';

const args = process.argv.slice(2);
const json = args.includes('--json');
const asked = args.filter((arg) => arg !== '--json');
try {
  const known = CASES.map(({ connector }) => connector);
  const unknown = asked.filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    throw new SetupError(`There is no contract of ${unknown.join(', ')}: there are ${known.join(', ')}.`);
  }
  await using ground = await openGround();
  const verdicts = [];
  for (const given of CASES.filter(({ connector }) => asked.length === 0 || asked.includes(connector))) {
    const judged = await judge(ground, given);
    verdicts.push(...judged);
    if (!json) for (const line of table(judged)) say(line);
  }
  if (json) process.stdout.write(`${JSON.stringify({ score: score(verdicts), verdicts }, null, 2)}\n`);
  else
    say(`${score(verdicts)} % of ${verdicts.filter(({ outcome }) => outcome !== 'nothing to say').length} claims kept`);
  process.exitCode = score(verdicts) === 100 ? 0 : 1;
} catch (error) {
  fail(error);
  process.exitCode = 1;
}
