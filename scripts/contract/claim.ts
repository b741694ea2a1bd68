import type { StreamInfo } from '../../ports/connector-info.ts';
import type { ContractCase, StreamCase } from './case.ts';
import type { Connected, Ground } from './ground.ts';

/** One stream under test. */
export interface Subject {
  ground: Ground;
  given: ContractCase;
  /** Absent in claims about the connector as a whole. */
  stream: StreamInfo;
  of: StreamCase;
  connected: Connected;
}

/** One thing that a connector promises. `check` throws a sentence that says what was seen instead. */
export interface Claim {
  id: string;
  title: string;
  /** Once for the connector (on its first stream), or for each stream that `applies`. */
  per: 'connector' | 'stream';
  /** Null when it applies; else why it has nothing to say here, and the table shows a dash. */
  applies: (subject: Pick<Subject, 'given' | 'stream' | 'of' | 'ground'>) => string | null;
  check: (subject: Subject) => Promise<void>;
}

/** What a claim throws: the connector does not do what it promises. */
export class Broken extends Error {}

export function expect(held: boolean, otherwise: string): asserts held {
  if (!held) throw new Broken(otherwise);
}

/** Says how two sets differ, in a line. */
export function same(seen: Iterable<string>, wanted: Iterable<string>, what: string): void {
  const [got, due] = [new Set(seen), new Set(wanted)];
  const missing = [...due].filter((one) => !got.has(one));
  const extra = [...got].filter((one) => !due.has(one));
  const named = (ids: string[]) => ids.slice(0, 3).join(', ') + (ids.length > 3 ? ' …' : '');
  expect(
    missing.length === 0 && extra.length === 0,
    `${what}: ${missing.length} of ${due.size} missing (${named(missing)}), ${extra.length} too many (${named(extra)})`,
  );
}
