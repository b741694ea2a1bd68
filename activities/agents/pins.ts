import type { AgentPin } from '../../ports/agents.ts';
import type { Ports } from '../../ports/index.ts';
import type { AtWork } from './terms.ts';

/** Pins kept in memory: content never changes, so what was read once holds. */
const KEPT_MAX = 200;

/** What a run goes by, read once by each process. */
export const createPins = ({ content }: Pick<Ports, 'content'>) => {
  const kept = new Map<string, AgentPin>();
  return async ({ tenantId, pinId }: Pick<AtWork, 'tenantId' | 'pinId'>): Promise<AgentPin> => {
    const key = `${tenantId}/${pinId}`;
    const known = kept.get(key);
    if (known) return known;
    const pin = (await content.get(tenantId, pinId)) as AgentPin;
    if (kept.size >= KEPT_MAX) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
    kept.set(key, pin);
    return pin;
  };
};
export type Pins = ReturnType<typeof createPins>;
