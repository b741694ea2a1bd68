import type { Payload, PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import type { Scope } from '../../ports/ids.ts';
import { CODEC_COOKIE, CODEC_PATH } from '../authenticate.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

/** As many as one page of a history shows. */
const PAYLOADS_MAX = 1000;
const SEALED = 'binary/encrypted';

/** Temporal's own form of a payload in JSON: bytes in base64. Newer servers may say more of it than we know. */
const JsonPayload = z.object({
  metadata: z.record(z.string(), z.base64()).default({}),
  data: z.base64().default(''),
});
const Payloads = z.strictObject({ payloads: z.array(JsonPayload).max(PAYLOADS_MAX) }).meta({ id: 'Payloads' });
type JsonPayload = z.infer<typeof JsonPayload>;

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const text = (raw: Uint8Array | null | undefined): string => Buffer.from(raw ?? []).toString('base64');

const fromJson = ({ metadata, data }: JsonPayload): Payload => ({
  metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, bytes(value)])),
  data: bytes(data),
});
const toJson = ({ metadata, data }: Payload): JsonPayload => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, text(value)])),
  data: text(data),
});
const isSealed = ({ metadata }: Payload) => Buffer.from(metadata?.['encoding'] ?? []).toString() === SEALED;

/**
 * What the codec did not seal is shown as it is: a history may hold what somebody wrote by hand. So is what does not open,
 * as its key was given up long ago, beside others that do; when nothing opens, the reason is told.
 */
const opened = async (codec: PayloadCodec, payloads: Payload[]): Promise<Payload[]> => {
  const all = await Promise.allSettled(
    payloads.map(async (payload) => (isSealed(payload) ? ((await codec.decode([payload]))[0] ?? payload) : payload)),
  );
  const refused = all.filter((one) => one.status === 'rejected');
  if (refused[0] !== undefined && refused.length === all.length) throw refused[0].reason;
  return payloads.map((payload, index) => {
    const one = all[index];
    return one?.status === 'fulfilled' ? one.value : payload;
  });
};
const sealed = (codec: PayloadCodec, payloads: Payload[], scope: Scope) =>
  codec.encode(payloads, { type: 'workflow', namespace: '', workflowId: `codec:${scope}:ui` });

/** Temporal's remote codec protocol: the Temporal UI sends what it found in a history, and shows what comes back. */
export const codecRoutes = ({ codec, tokens, settings }: ApiDeps): Route[] => {
  const both = {
    method: 'post',
    may: 'readHistories',
    within: 'scope',
    body: Payloads,
    reply: { status: 200, schema: Payloads, secret: true },
  } as const;
  return [
    route({
      method: 'post',
      path: '/codec/session',
      summary: 'Let this browser’s Temporal UI call the codec, as the UI itself has no token of ours',
      description:
        'Sets a cookie that opens `/codec` alone. In the UI’s codec settings, switch on “Include cross-origin credentials”.',
      may: 'readHistories',
      within: 'person',
      reply: { status: 200, schema: z.strictObject({ expiresAt: z.iso.datetime() }), secret: true },
      handle: async ({ principal, ctx }) => {
        const { token, expiresAt } = await tokens.issue(principal);
        const secure = settings.publicUrl.startsWith('https:') ? '; Secure' : '';
        const until = `Expires=${new Date(expiresAt).toUTCString()}`;
        ctx.append(
          'Set-Cookie',
          `${CODEC_COOKIE}=${token}; Path=${CODEC_PATH}; ${until}; HttpOnly; SameSite=Strict${secure}`,
        );
        return { expiresAt };
      },
    }),
    route({
      ...both,
      path: '/codec/decode',
      summary: 'Open payloads of histories, for the Temporal UI',
      description:
        'Temporal’s remote codec protocol; the UI’s codec endpoint is `<PUBLIC_URL>/api/v1/codec`. Only the origin in `TEMPORAL_UI_ORIGIN` may call it from a browser.',
      handle: async ({ body }) => ({ payloads: (await opened(codec, body.payloads.map(fromJson))).map(toJson) }),
    }),
    route({
      ...both,
      path: '/codec/encode',
      summary: 'Seal payloads that somebody enters in the Temporal UI',
      description: 'For the platform’s own workflows; with `X-Tenant-Id`, for those of that tenant.',
      handle: async ({ body, scope }) => ({
        payloads: (await sealed(codec, body.payloads.map(fromJson), scope)).map(toJson),
      }),
    }),
  ];
};
