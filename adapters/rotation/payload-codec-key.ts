import { defaultPayloadConverter } from '@temporalio/common';
import { Fault } from '../../ports/errors.ts';
import { rotateSecretId } from '../../ports/operations.ts';
import type { Rotator } from '../../ports/rotation.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import { payloadCodec } from '../temporal/codec.ts';
import { CODEC_KEY_PATH, openKeyRing } from '../temporal/key-ring.ts';
import { ringNotes, ringRotator } from './ring-key.ts';

/** A start that was under way while the schedules were written again, and clocks that differ. */
const MARGIN_MS = 2 * 60_000;

interface Needs {
  secrets: SecretPort;
  workflows: Pick<WorkflowPort, 'openSince' | 'renewPayloads'>;
}

/**
 * The key that encrypts every payload in Temporal. It is given up when no open workflow and no schedule holds anything that
 * was written with it: connections, which never end, go on as new runs, and everything else is waited for.
 */
export const payloadCodecKey = ({ secrets, workflows }: Needs): Rotator => {
  const notes = ringNotes(secrets);
  return ringRotator(secrets, {
    path: CODEC_KEY_PATH,
    secretClass: 'payload_codec_key',
    subject: 'payload-codec',
    tryOut: async (kid) => {
      const keys = openKeyRing(secrets);
      const key = await keys.find(kid);
      if (key === null) throw new Fault('conflict', 'the new payload key is not in the ring; start another rotation');
      const writer = payloadCodec({ current: async () => ({ kid, key }), find: keys.find });
      const [sealed] = await writer.encode([defaultPayloadConverter.toPayload(kid)]);
      const [opened] = sealed ? await payloadCodec(openKeyRing(secrets)).decode([sealed]) : [];
      if (opened === undefined || defaultPayloadConverter.fromPayload(opened) !== kid) {
        throw new Fault('conflict', 'what the new payload key wrote does not open; start another rotation');
      }
    },
    neededBy: async (ref, { settledAt, note }) => {
      const given = new Date(settledAt).toISOString();
      const { left } = await workflows.renewPayloads({ begun: note.before ?? given, given });
      if (left > 0)
        return `${left} schedules remember what the old payload key wrote; each is renewed when its run ends`;
      // Until now a schedule that still held the old key may have started a run, so it is not the cut-over that counts.
      // Connections go on as new runs once more, when they are asked the next time: this moment is over then.
      const before = note.before ?? new Date(Date.now() + MARGIN_MS).toISOString();
      if (note.before === undefined) await notes.add(ref, { before });
      const open = await workflows.openSince(before, rotateSecretId(ref.scope, ref.secretClass, ref.subject));
      if (open === 0) return null;
      return `${open} open workflows began before ${before} and may hold what the old payload key wrote`;
    },
  });
};
