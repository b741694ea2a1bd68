import type { ContentRef } from '../ports/content.ts';
import type { Lane, UploadRef, WriteAction, WriteReceipt } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';

/** One change of a tenant's system. Content and files are references; `effectKey` makes it happen once. */
export interface Write {
  tenantId: TenantId;
  connectionId: ConnectionId;
  stream: string;
  /** `interactive` unless said. */
  lane?: Lane | undefined;
  effectKey: string;
  action:
    | { kind: 'create'; contentId: string; file?: UploadRef }
    | { kind: 'update'; externalId: string; contentId: string }
    | { kind: 'delete'; externalId: string };
}

/** The vendor refused, so nothing was done, and the key is free for a mended try. */
export const REFUSED: ReadonlySet<string> = new Set([
  'provider_rejected',
  'credential_rejected',
  'credential_forbidden',
  'reauth_required',
  'not_connected',
  'not_found',
  'conflict',
  'host_refused',
  'unsupported',
  'invalid_request',
  'provider_rate_limited',
]);

/** The write's own name at the vendor: what it leaves in the record, or the key that the vendor remembers. */
const marker = (effectKey: string) => `bz-${effectKey}`;

type Needs = Pick<Ports, 'connections' | 'connectors' | 'content' | 'effects' | 'objects'>;

export const createWriteActivities = ({ connections, connectors, content, effects, objects }: Needs) => {
  const actionOf = async ({ tenantId, action }: Write): Promise<WriteAction> => {
    if (action.kind === 'delete') return action;
    const { contentId, ...rest } = action;
    const input = await content.get(tenantId, contentId);
    if (typeof input !== 'object' || input === null)
      throw new Fault('invalid_request', 'what is to be written is not an object');
    return { ...rest, input: { ...input } };
  };

  return {
    /**
     * Writes once. Of an attempt whose end is unknown (the worker died, the answer was lost) the write's safety says what follows:
     * it is looked for first, made again, or left to people (`outcome_unknown`). Every HTTP deadline is shorter than this
     * activity's startToClose, so no earlier attempt is still under way.
     */
    performWrite: async (write: Write): Promise<WriteReceipt> => {
      const { tenantId, connectionId, stream, lane, effectKey } = write;
      const claim = await effects.claim(tenantId, effectKey, `${stream}.${write.action.kind}`);
      if (claim.state === 'committed') {
        await content.drop(tenantId, effectKey);
        return { externalId: claim.externalId, link: claim.link };
      }
      const at = { tenantId, connectionId, stream, lane };
      const first = claim.state === 'claimed';
      const done = async (): Promise<WriteReceipt> => {
        const action = await actionOf(write);
        const { connectorId } = await connections.get(tenantId, connectionId);
        const safety = connectors.checkWrite(connectorId, stream, action);
        if (!first && safety === 'unsafe')
          throw new Fault('outcome_unknown', 'an earlier attempt may have done this; look there before trying again');
        const found = first || safety !== 'probe' ? null : await connectors.probe(at, action, marker(effectKey));
        return found ?? connectors.write(at, action, marker(effectKey));
      };
      const receipt = await done().catch(async (error: unknown) => {
        // A refusal says nothing of an attempt before it.
        if (first && error instanceof Fault && REFUSED.has(error.code)) await effects.release(tenantId, effectKey);
        throw error;
      });
      await effects.commit(tenantId, effectKey, receipt);
      await content.drop(tenantId, effectKey);
      return receipt;
    },

    /** A person looked: the attempt whose end was unknown did nothing, and the write may be made again. */
    forgetAttempt: (tenantId: TenantId, effectKey: string): Promise<void> => effects.release(tenantId, effectKey),

    /** What a person is shown who is to find out whether an attempt happened. */
    describeAttempt: async (write: Write, reason: string): Promise<ContentRef> => {
      const { tenantId, stream, effectKey, action } = write;
      const { kind } = action;
      const input = kind === 'delete' ? null : await content.get(tenantId, action.contentId);
      const externalId = kind === 'create' ? null : action.externalId;
      return content.put(tenantId, { reason, stream, kind, externalId, input, marker: marker(effectKey) });
    },

    /** A write that is over needs neither its file nor what was put for it alone. Silent when gone. */
    dropWrite: async (tenantId: TenantId, effectKey: string, objectKey: string | null): Promise<void> => {
      if (objectKey !== null) await objects.remove(tenantId, objectKey);
      await content.drop(tenantId, effectKey);
    },
  };
};
