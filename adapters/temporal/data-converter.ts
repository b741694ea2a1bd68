import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from '../../ports/key-ring.ts';
import { payloadCodec } from './codec.ts';

/** By path, since adapters import no workflow code: the SDK loads it here, and bundles it for the sandbox. */
const FAILURE_CONVERTER = fileURLToPath(new URL('../../workflows/failure-converter.ts', import.meta.url));

/** How every client and worker of the deployment writes payloads and failures. */
export const dataConverter = (ring: KeyRing): DataConverter => ({
  failureConverterPath: FAILURE_CONVERTER,
  payloadCodecs: [payloadCodec(ring)],
});
