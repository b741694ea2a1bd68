import { createWriteActivities } from '../../activities/writes.ts';
import type { WriteKind } from '../../ports/connector-info.ts';
import type { WriteReceipt } from '../../ports/connectors.ts';
import type { Ports } from '../../ports/index.ts';
import type { Subject } from './claim.ts';
import { BYTES } from './ground.ts';

/** What a stream that takes files is given with a create; `ground.ts` holds its bytes. */
const FILE = { objectKey: 'uploads/contract', name: 'loaf.png', contentType: 'image/png', bytes: BYTES.length };

/** What the activity is given, the content by reference as the workflow has it. */
export async function write(
  { ground, connected, stream, of }: Subject,
  kind: WriteKind,
  effectKey: string,
  externalId: string,
): Promise<WriteReceipt> {
  const { stores, tenantId } = ground;
  const { performWrite } = createWriteActivities({ ...stores, connectors: connected.connectors } as unknown as Ports);
  const { id: contentId } = await stores.content.put(tenantId, (kind === 'create' ? of.create : of.update) ?? {});
  const action =
    kind === 'create'
      ? { kind, contentId, ...(stream.upload && { file: FILE }) }
      : kind === 'update'
        ? { kind, externalId, contentId }
        : { kind, externalId };
  return performWrite({
    tenantId,
    connectionId: connected.connection.id,
    stream: stream.name,
    effectKey,
    action,
  });
}
