import { z } from 'zod';
import { canonicalJson } from './canonical.ts';
import type { TenantId } from './ids.ts';

/** A server of tools that a tenant added (Model Context Protocol, streamable HTTP). Its secret is a reference. */
export const McpServer = z
  .strictObject({
    id: z.uuid(),
    name: z.string().regex(/^[a-z][a-z0-9_]{1,20}$/, 'use 2 to 21 of a-z, 0-9 and _, beginning with a letter'),
    url: z.url({ protocol: /^https?$/ }).max(500),
    /** Only these tools of it; null: all. */
    included: z.array(z.string().max(64)).max(100).nullable(),
    /** SHA-256 of the list of tools that the tenant agreed to. When the server shows another one, none of it is used. */
    toolsHash: z.string(),
    /** Since when the server shows another list than that; null: it does not, as far as is known. */
    changedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'McpServer' });
export type McpServer = z.infer<typeof McpServer>;

/** Its tools as the tenant agreed to them, too. `vaultPath`: where its token lies; null: it needs none. */
export type KeptMcpServer = McpServer & { tools: McpTool[]; vaultPath: string | null };

export const McpTool = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    /** JSON Schema of its arguments. */
    inputSchema: z.record(z.string(), z.unknown()),
    /** The server's own word that it only reads; anything else is taken to write. */
    readOnly: z.boolean(),
  })
  .meta({ id: 'McpTool' });
export type McpTool = z.infer<typeof McpTool>;

/** What a list of tools is pinned by: all of it counts, descriptions too, since models read them. */
export const toolsHashOf = (hash: (text: string) => string, tools: McpTool[]): string => hash(canonicalJson(tools));

/**
 * The servers themselves, behind the same guard as every tenant-supplied host. Faults: `host_refused`, `provider_down`,
 * `provider_garbage`, `credential_rejected`, `provider_rejected`; of a call that may have happened `outcome_unknown`.
 */
export interface McpPort {
  listTools: (server: { url: string; token: string | null }, signal?: AbortSignal) => Promise<McpTool[]>;
  /** Text of the answer; `ok` false when the tool says that it failed. */
  call: (
    server: { url: string; token: string | null },
    tool: string,
    input: Record<string, unknown>,
    signal?: AbortSignal,
  ) => Promise<{ ok: boolean; content: string }>;
}

export interface McpServerStore {
  /** Idempotent by id; what stands there is replaced. `conflict` when another one has the name, or there are 20 already. */
  put: (tenantId: TenantId, server: Omit<KeptMcpServer, 'createdAt' | 'changedAt'>) => Promise<KeptMcpServer>;
  list: (tenantId: TenantId) => Promise<KeptMcpServer[]>;
  /** `not_found` when gone or another tenant's. */
  get: (tenantId: TenantId, id: string) => Promise<KeptMcpServer>;
  /**
   * Another list of tools is agreed to in place of the one whose hash is `before`. `not_found` when the server is gone,
   * `conflict` when yet another list was agreed to meanwhile, or a tool has the whole name of another server’s. Idempotent.
   */
  pin: (
    tenantId: TenantId,
    id: string,
    before: string,
    list: Pick<KeptMcpServer, 'tools' | 'toolsHash'>,
  ) => Promise<KeptMcpServer>;
  /** It shows another list of tools than was agreed to. The first time stays; silent when gone. */
  markChanged: (tenantId: TenantId, id: string) => Promise<void>;
  /** Silent when gone. */
  remove: (tenantId: TenantId, id: string) => Promise<void>;
}
