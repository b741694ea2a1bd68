import { json, type Call, type Handler, type Reply } from './http.ts';
import type { Memory } from './memory.ts';
import { createHubspot, type Hubspot } from './vendors/hubspot/index.ts';
import { createOpenai, type Openai } from './vendors/openai/index.ts';
import { createWordpress, type Wordpress } from './vendors/wordpress/index.ts';

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
  openai: Openai;
  handle: (call: Call) => Reply | Promise<Reply>;
}

export function createWorld(origin: Origin): World {
  const hubspot = createHubspot(origin);
  const wordpress = createWordpress(origin);
  const openai = createOpenai(origin);
  const mounts: Record<string, Handler | undefined> = {
    hubspot: hubspot.handle,
    wordpress: wordpress.handle,
    openai: openai.handle,
  };

  return {
    hubspot,
    wordpress,
    openai,
    handle(call) {
      const [, mount = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(call.path) ?? [];
      const vendor = mounts[mount];
      if (vendor) return vendor({ ...call, path: rest || '/', base: `${call.base}/${mount}` });
      if (call.path === '/') return json(200, { emulates: Object.keys(mounts), control: '/control/requests' });
      return json(404, { message: `nothing is emulated at ${call.path}` });
    },
  };
}
