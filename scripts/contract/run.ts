import type { StreamInfo } from '../../ports/connector-info.ts';
import { Fault } from '../../ports/errors.ts';
import type { ContractCase } from './case.ts';
import { Broken } from './claim.ts';
import type { Claim } from './claim.ts';
import { describedClaims } from './claims/described.ts';
import { limitClaims } from './claims/limits.ts';
import { readingClaims } from './claims/reading.ts';
import { refusalClaims } from './claims/refusals.ts';
import { syncingClaims } from './claims/syncing.ts';
import { webhookClaims } from './claims/webhooks.ts';
import { writingClaims } from './claims/writing.ts';
import type { Ground } from './ground.ts';
import { RECORDS } from './scan.ts';

export const CLAIMS: Claim[] = [
  ...refusalClaims,
  ...readingClaims,
  ...syncingClaims,
  ...writingClaims,
  ...webhookClaims,
  ...limitClaims,
  ...describedClaims,
];

export interface Verdict {
  connector: string;
  /** Null: the connector as a whole. */
  stream: string | null;
  claim: string;
  outcome: 'kept' | 'broken' | 'nothing to say';
  /** What was seen instead, or why it has nothing to say. */
  reason: string | null;
}

/** Every claim about one connector, each in a world of its own. A claim that throws is a claim that is broken. */
export async function judge(ground: Ground, given: ContractCase): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const { streams } = ground.connectorInfo(given.connector);
  const note = (claim: Claim, stream: StreamInfo | null, outcome: Verdict['outcome'], reason: string | null) =>
    verdicts.push({ connector: given.connector, stream: stream?.name ?? null, claim: claim.id, outcome, reason });

  for (const stream of streams) {
    const of = given.streams[stream.name];
    for (const claim of CLAIMS) {
      const whole = claim.per === 'connector';
      if (whole && stream.name !== (given.errorsOn ?? streams[0]?.name)) continue;
      if (of === undefined) {
        note(claim, stream, 'broken', 'its contract case does not name this stream');
        continue;
      }
      freshWorld(ground, given);
      const pass = claim.applies({ ground, given, stream, of });
      if (pass !== null) {
        note(claim, whole ? null : stream, 'nothing to say', pass);
        continue;
      }
      try {
        await claim.check({ ground, given, stream, of, connected: await ground.connect(given) });
        note(claim, whole ? null : stream, 'kept', null);
      } catch (error) {
        note(claim, whole ? null : stream, 'broken', sentence(error));
      }
    }
  }
  return verdicts;
}

function freshWorld({ emulator }: Ground, { vendor }: ContractCase): void {
  emulator.control.reset();
  for (const collection of Object.values(emulator.control.records(vendor).collections)) collection.seed(RECORDS);
}

const sentence = (error: unknown): string => {
  if (error instanceof Broken) return error.message;
  if (error instanceof Fault) {
    const fields = error.fields.map(({ path, message }) => `${path} ${message}`).join('; ');
    return `${error.code}: ${error.message}${fields === '' ? '' : ` (${fields})`}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
