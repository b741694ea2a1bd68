import { SetupError } from './say.ts';

const PARTS = ['temporal', 'database', 'emulator', 'migrations', 'worker', 'api', 'demo'] as const;
export type Part = (typeof PARTS)[number];

const isPart = (name: string): name is Part => (PARTS as readonly string[]).includes(name);

/**
 * What this start runs: everything, or what `--only=temporal,database` names. Of these, Temporal and the database are
 * left out when the environment names a server of the person's own.
 */
export const chooseParts = (args: string[]): Set<Part> => {
  const only = args
    .find((arg) => arg.startsWith('--only='))
    ?.slice('--only='.length)
    .split(',');
  const unknown = [
    ...args.filter((arg) => !arg.startsWith('--only=')),
    ...(only ?? []).filter((name) => !isPart(name)),
  ];
  if (unknown.length > 0) {
    throw new SetupError(
      `"${unknown.join(' ')}" means nothing to npm start: it takes --only= with some of ${PARTS.join(', ')}.`,
    );
  }
  const parts = new Set<Part>(only?.filter(isPart) ?? PARTS);
  if (process.env.TEMPORAL_ADDRESS) parts.delete('temporal');
  if (process.env.DATABASE_URL) parts.delete('database');
  return parts;
};
