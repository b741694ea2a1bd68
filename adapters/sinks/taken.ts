import type { Delivered } from '../../ports/sinks.ts';

/** The sink has all of it. */
export const taken = (): Delivered => ({ refused: [], targetIds: new Map() });
