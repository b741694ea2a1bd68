import { z } from 'zod';

/** Our application at one vendor, in this environment. Its secret lies in SecretPort. */
export const OAuthApp = z
  .strictObject({
    connectorId: z.string(),
    clientId: z.string(),
    /** Exactly as registered at the vendor. */
    redirectUris: z.array(z.url()),
    /** Asked for instead of the connector's own; null: the connector's. */
    scopes: z.array(z.string()).nullable(),
    enabled: z.boolean(),
    secretVersion: z.number().int(),
    /** Since when and why the vendor refuses this app, or asks it to wait; null: it works. For all tenants alike. */
    trouble: z
      .strictObject({
        code: z.enum(['client_broken', 'provider_rate_limited']),
        providerCode: z.string().nullable(),
        message: z.string(),
        since: z.iso.datetime(),
        until: z.iso.datetime(),
      })
      .nullable(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'OAuthApp' });
export type OAuthApp = z.infer<typeof OAuthApp>;
export type AppTrouble = NonNullable<OAuthApp['trouble']>;

/** The platform's applications at vendors; one row for each connector (a deployment is one environment). */
export interface OAuthAppStore {
  list: () => Promise<OAuthApp[]>;
  get: (connectorId: string) => Promise<OAuthApp | null>;
  /** Creates or replaces; its trouble is over. */
  put: (app: Omit<OAuthApp, 'trouble' | 'updatedAt'>) => Promise<OAuthApp>;
  /** Silent when gone. */
  remove: (connectorId: string) => Promise<void>;
  /** `isNew`: it had no trouble of this code before, so that an alarm is raised once. Also for apps that the environment declares. */
  setTrouble: (connectorId: string, trouble: Omit<AppTrouble, 'since'>) => Promise<{ isNew: boolean }>;
  /** The app works: `wasBroken` says that it did not. A pause that still lasts goes on. Silent when there was no trouble. */
  clearTrouble: (connectorId: string) => Promise<{ wasBroken: boolean }>;
  /** Of any app, in a row or declared by the environment. */
  trouble: (connectorId: string) => Promise<AppTrouble | null>;
}
