import { z } from 'zod';

/** The parts of an answer of Vault's that are looked at; any may be missing. */
const Body = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  auth: z
    .object({
      client_token: z.string(),
      lease_duration: z.number(),
      renewable: z.boolean(),
      metadata: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
  errors: z.array(z.string()).nullish(),
  warnings: z.array(z.string()).nullish(),
});

export interface VaultAnswer extends z.infer<typeof Body> {
  status: number;
  /** In Vault's words; for telling answers apart, never passed on. */
  errors: string[];
}

/** Null when this is not how Vault speaks: something else answers in its place. */
export const answerOf = (status: number, body: unknown): VaultAnswer | null => {
  const parsed = Body.safeParse(body === '' || body === undefined || body === null ? {} : body);
  return parsed.success ? { ...parsed.data, status, errors: parsed.data.errors ?? [] } : null;
};
