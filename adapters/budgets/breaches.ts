import type { Note } from '../../ports/notifications.ts';
import { used } from './gauge.ts';
import { held } from './meter.ts';
import type { Ended, Meter } from './meter.ts';

/** From this share of a limit on that all tenants have together, there is little left for more of them. */
const NEARLY = 0.9;
const HOUR_MS = 3_600_000;

const note = (connectorId: string, key: string, subject: string, now: number): Note => ({
  // Told once an hour, by whichever process is first.
  key: `budget:${connectorId}:${key}:${Math.floor(now / HOUR_MS)}`,
  roles: ['platform_admin', 'super_admin'],
  kind: 'rate_limit',
  subject,
  link: `/connectors/${connectorId}/usage`,
});

/** What people of the platform should know of a budget, as notes. */
export function breachesOf(connectorId: string, meter: Meter, ended: Ended[], now: number): Note[] {
  const gauges = Object.entries(meter.gauges);
  const notes: Note[] = [];
  if (gauges.length > 0 && ended.some(({ refused }) => refused)) {
    const subject = `${connectorId} refused calls although its limits were kept: they are lower than we believe, or somebody else uses them too.`;
    notes.push(note(connectorId, 'refused', subject, now));
  }
  for (const [name, gauge] of meter.of === null ? gauges : []) {
    if (used(gauge, held(meter)) < NEARLY * gauge.units) continue;
    const share = `${Math.round(NEARLY * 100)} % or more of the limit “${name}” of ${connectorId}`;
    notes.push(note(connectorId, name, `${share} is in use; ask the vendor for more, or syncs will take longer.`, now));
  }
  return notes;
}

/** Tells each note once from this process; whether it was told elsewhere is for whoever delivers it. */
export function createTeller(tell: (note: Note) => Promise<void>) {
  const told = new Set<string>();
  return (notes: Note[]): void => {
    for (const one of notes) {
      if (told.has(one.key)) continue;
      if (told.size > 1000) told.clear();
      told.add(one.key);
      // People are told by a workflow. One that cannot be started is tried again with the next breach.
      tell(one).catch(() => told.delete(one.key));
    }
  };
}
