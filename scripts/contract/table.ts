import type { Verdict } from './run.ts';

/** Kept of what it has to say, in per cent. */
export const score = (verdicts: Verdict[]): number => {
  const said = verdicts.filter(({ outcome }) => outcome !== 'nothing to say');
  const kept = said.filter(({ outcome }) => outcome === 'kept');
  return said.length === 0 ? 0 : Math.floor((kept.length / said.length) * 1000) / 10;
};

/** One line a connector with its score, and one for each claim that is broken. */
export function table(verdicts: Verdict[]): string[] {
  const connectors = [...new Set(verdicts.map(({ connector }) => connector))];
  return connectors.flatMap((connector) => {
    const own = verdicts.filter((verdict) => verdict.connector === connector);
    const said = own.filter(({ outcome }) => outcome !== 'nothing to say');
    const streams = new Set(own.flatMap(({ stream }) => stream ?? []));
    const broken = said.filter(({ outcome }) => outcome === 'broken');
    const line = `${connector.padEnd(18)} ${String(streams.size).padStart(3)} streams ${String(said.length).padStart(4)} claims ${`${score(own)} %`.padStart(8)}`;
    return [line, ...broken.map(({ stream, claim, reason }) => `  ✗ ${stream ?? connector}: ${claim}: ${reason}`)];
  });
}
