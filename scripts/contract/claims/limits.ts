import type { Claim } from '../claim.ts';
import { expect } from '../claim.ts';
import { PAGE } from '../scan.ts';

/** The documented limit, made small enough to be met at once. */
const UNITS = 10;
const WINDOW_MS = 400;
/** Twice what one window takes; of points, which come back slowly, a little more than it takes. */
const CALLS = 20;
const CALLS_OF_POINTS = 12;

export const limitClaims: Claim[] = [
  {
    id: 'limits',
    title: 'many callers at once keep the limit: the vendor refuses none of them',
    per: 'connector',
    applies: ({ given, ground }) =>
      ground.connectorInfo(given.connector).limits.length === 0 ? 'the vendor documents none' : null,
    async check({ ground, given, stream, of }) {
      const [first] = ground.connectorInfo(given.connector).limits;
      expect(first !== undefined, 'it has no limit');
      const { limiter } = ground.emulator.control.records(given.vendor);
      const units = UNITS * (given.points ?? 1);
      limiter.set({ units, perMs: WINDOW_MS });
      const limits = [{ ...first, units, perSeconds: WINDOW_MS / 1000 }];
      const { connectors, connection } = await ground.connect(given, limits);
      const ask = () =>
        connectors.read(ground.tenantId, connection.id, stream.name, {
          limit: PAGE,
          lane: 'backfill',
          ...(of.filter && { filter: of.filter }),
        });
      const calls = given.points === undefined ? CALLS : CALLS_OF_POINTS;
      await Promise.all(Array.from({ length: calls }, ask));
      expect(limiter.refused() === 0, `${limiter.refused()} of ${calls} calls were refused`);
      expect(limiter.taken() >= calls, `the emulator counted ${limiter.taken()} of ${calls} calls`);
    },
  },
];
