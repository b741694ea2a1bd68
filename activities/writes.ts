import type { WriteReceipt } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';

/** One change of a tenant's system. The content is a reference; `effectKey` makes it happen once. */
export interface Write {
  tenantId: TenantId;
  connectionId: ConnectionId;
  stream: string;
  effectKey: string;
  action: { kind: 'create'; contentId: string } | { kind: 'delete'; externalId: string };
}

/** The vendor refused, so nothing was done, and the key is free for a mended try. */
const REFUSED = new Set([
  'provider_rejected',
  'credential_rejected',
  'credential_forbidden',
  'reauth_required',
  'not_found',
  'host_refused',
  'unsupported',
  'invalid_request',
  'provider_rate_limited',
]);

/** What a create leaves in the vendor's record, so that it can be found again. */
const marker = (effectKey: string) => `bz-${effectKey}`;

export const createWriteActivities = ({
  connectors,
  content,
  effects,
}: Pick<Ports, 'connectors' | 'content' | 'effects'>) => {
  const act = async ({ tenantId, connectionId, stream, effectKey, action }: Write): Promise<WriteReceipt> => {
    if (action.kind === 'delete') {
      await connectors.remove(tenantId, connectionId, stream, action.externalId);
      return { externalId: action.externalId, link: null };
    }
    const input = await content.get(tenantId, action.contentId);
    if (typeof input !== 'object' || input === null)
      throw new Fault('invalid_request', 'what is to be written is not an object');
    return connectors.create(tenantId, connectionId, stream, { ...input }, marker(effectKey));
  };

  return {
    /**
     * Writes once. An attempt whose end is unknown (the worker died, the answer was lost) is looked for by its marker before a new
     * one is made; every HTTP deadline is shorter than this activity's startToClose, so no earlier attempt is still under way.
     */
    performWrite: async (write: Write): Promise<WriteReceipt> => {
      const { tenantId, connectionId, stream, effectKey, action } = write;
      const claim = await effects.claim(tenantId, effectKey, `${stream}.${action.kind}`);
      if (claim.state === 'committed') return { externalId: claim.externalId, link: claim.link };
      const found =
        claim.state === 'unknown' && action.kind === 'create'
          ? await connectors.probe(tenantId, connectionId, stream, marker(effectKey))
          : null;
      const receipt =
        found ??
        (await act(write).catch(async (error: unknown) => {
          if (error instanceof Fault && REFUSED.has(error.code)) await effects.release(tenantId, effectKey);
          throw error;
        }));
      await effects.commit(tenantId, effectKey, receipt);
      return receipt;
    },
  };
};
