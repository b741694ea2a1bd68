import { Fault, isFault } from '../../ports/errors.ts';
import type { EventMeaning, WebhookPort } from '../../ports/webhooks.ts';
import type { Manifest } from '../connectors/manifest.ts';
import { manifestOf } from '../connectors/methods.ts';
import type { Webhooks } from '../connectors/webhooks.ts';
import { createProofs } from './proofs.ts';
import type { ProofParts } from './proofs.ts';
import { receive } from './receive.ts';

/** The types by which this one is known: itself, and those with a `*` at their end. */
const isMeantBy = (type: string) => (name: string) =>
  name.endsWith('*') ? type.startsWith(name.slice(0, -1)) : name === type;

const meaningOf = ({ events, deletes = [], ends = [], tells = {} }: Webhooks, type: string): EventMeaning | null => {
  const means = isMeantBy(type);
  const known = Object.keys(events).filter(means);
  const told = Object.keys(tells).find(means);
  if (known.length === 0 && told === undefined && !ends.some(means)) return null;
  return {
    streams: [...new Set(known.flatMap((name) => events[name] ?? []))],
    deletes: deletes.some(means),
    ends: ends.some(means),
    tells: (told === undefined ? undefined : tells[told]) ?? null,
  };
};

/** Every connector's webhooks, by what it declares. */
export function createWebhooks(manifests: Record<string, Manifest>, parts: ProofParts): WebhookPort {
  const proofs = createProofs(parts);
  const declaredBy = (connectorId: string): Webhooks => {
    const { title, webhooks } = manifestOf(manifests, connectorId);
    if (webhooks) return webhooks;
    throw new Fault('unsupported', `${title} sends no webhooks that could be verified; its syncs ask it instead.`);
  };
  return {
    info: (connectorId) => {
      const { secret, handshake, account, events, setUp } = declaredBy(connectorId);
      return {
        secret,
        verifyToken: handshake === 'meta',
        accountSetting: account?.setting ?? null,
        events: Object.keys(events),
        setUp,
      };
    },
    async receive(endpoint, delivery) {
      const declared = declaredBy(endpoint.connectorId);
      const own = await proofs.of(endpoint, declared);
      const judge = (secrets: string[]) =>
        receive(declared, delivery, { secrets, verifyToken: own.verifyToken, nowMs: Date.now() });
      try {
        return judge(own.secrets);
      } catch (error) {
        if (declared.secret !== 'app' || !isFault(error, 'unauthenticated')) throw error;
        const others = await proofs.rotating(endpoint.connectorId);
        if (others.length === 0) throw error;
        return judge(others);
      }
    },
    meaning: (connectorId, type) => meaningOf(declaredBy(connectorId), type),
  };
}
