import { createHosts } from './hosts.ts';
import { json, type Call, type Handler, type Reply } from './http.ts';
import { createMcpServer, type McpControl } from './mcp/server.ts';
import type { Memory } from './memory.ts';
import type { ModelsControl } from './models/script-terms.ts';
import { createScripts } from './models/scripts.ts';
import type { OAuthControl } from './oauth/control.ts';
import type { KeyControl, KeyVendor } from './vendors/api-keys.ts';
import type { RecordsControl } from './records/control.ts';
import { createAnthropic } from './vendors/anthropic/index.ts';
import { createHubspot, type Hubspot } from './vendors/hubspot/index.ts';
import { KEY_VENDORS } from './vendors/key-vendors.ts';
import type { OAuthVendor } from './vendors/oauth-vendor.ts';
import { OAUTH_VENDORS } from './vendors/oauth-vendors.ts';
import { createChatVendors, type OpenaiControl } from './vendors/openai/index.ts';
import { createWordpress, type Wordpress } from './vendors/wordpress/index.ts';
import { createWebHost, type WebControl } from './web.ts';

/** What a vendor is made from. */
export interface Origin {
  seed: number;
  now: () => number;
  memory: Memory;
}

/** Every vendor, each under the first segment of the path. A reset is a new world. */
export interface World {
  hubspot: Hubspot;
  wordpress: Wordpress;
  /** What models say, whoever serves them. */
  models: ModelsControl;
  openai: OpenaiControl;
  /** A server of tools, and a web host, by any name. */
  mcp: (name: string) => McpControl;
  web: (name: string) => WebControl;
  /** The authorization server of a vendor; throws when there is none of this name. */
  oauth: (vendor: string) => OAuthControl;
  /** The keys of a vendor that is asked with keys; throws when there is none of this name. */
  keys: (vendor: string) => KeyControl;
  /** The records of a vendor; throws when none are kept under this name. */
  records: (vendor: string) => RecordsControl;
  /** What time it is where this path leads: some vendor's clock may be wrong. */
  timeAt: (path: string) => number;
  handle: (call: Call) => Reply | Promise<Reply>;
}

export function createWorld(origin: Origin): World {
  const hubspot = createHubspot(origin);
  const wordpress = createWordpress(origin);
  const scripts = createScripts(origin.now);
  const chat = createChatVendors(origin, scripts);
  const [mcp, web] = [createHosts(createMcpServer), createHosts(createWebHost)];
  const issuers: Record<string, OAuthVendor | undefined> = { hubspot };
  for (const [id, create] of Object.entries(OAUTH_VENDORS)) issuers[id] = create(origin);
  const keyed: Record<string, KeyVendor | undefined> = {};
  for (const [id, create] of Object.entries(KEY_VENDORS)) keyed[id] = create(origin);
  const recorded: Record<string, { records?: RecordsControl } | undefined> = { ...issuers, ...keyed, wordpress };
  const mounts: Record<string, Handler | undefined> = {
    wordpress: wordpress.handle,
    ...chat.mounts,
    anthropic: createAnthropic(origin, scripts),
    mcp: mcp.handle,
    web: web.handle,
  };
  for (const [id, vendor] of Object.entries({ ...issuers, ...keyed })) mounts[id] = vendor?.handle;
  const parted = (path: string): string[] => /^\/([^/]*)(.*)$/.exec(path)?.slice(1) ?? [];

  return {
    hubspot,
    wordpress,
    models: scripts.control,
    openai: chat.control,
    mcp: (name) => mcp.of(name).control,
    web: (name) => web.of(name).control,
    oauth(id) {
      const vendor = Object.hasOwn(issuers, id) ? issuers[id] : undefined;
      if (!vendor) throw new Error(`no authorization server of ${id}: there are ${Object.keys(issuers).join(', ')}`);
      return vendor.oauth;
    },
    keys(id) {
      const vendor = Object.hasOwn(keyed, id) ? keyed[id] : undefined;
      if (!vendor) throw new Error(`no keys of ${id}: there are those of ${Object.keys(keyed).join(', ')}`);
      return vendor.keys;
    },
    records(id) {
      const found = Object.hasOwn(recorded, id) ? recorded[id]?.records : undefined;
      if (!found) throw new Error(`no records of ${id}`);
      return found;
    },
    timeAt: (path) => (issuers[parted(path)[0] ?? ''] ?? origin).now(),
    handle(call) {
      const [mount = '', rest = ''] = parted(call.path);
      const vendor = mounts[mount];
      if (vendor) return vendor({ ...call, path: rest || '/', base: `${call.base}/${mount}` });
      if (call.path === '/') return json(200, { emulates: Object.keys(mounts), control: '/control/requests' });
      return json(404, { message: `nothing is emulated at ${call.path}` });
    },
  };
}
