import type { Params } from './auth-methods.ts';
import type { Call } from './call.ts';

/** How a vendor's own API hands out keys, as data. Paths such as `result.id` say where in an answer a value lies. */
export interface KeyApi {
  /** The one way to connect whose keys these are. */
  method: string;
  /** How many an account may have at once; absent: more than anybody needs. */
  max?: number;
  /** How long the vendor's servers may take to learn of a new key. */
  settlesMs: number;
  /** The id of a key, from its own values; null when they do not tell. */
  id: (secret: Params) => string | null;
  /** What the successor is to be allowed: asked with the predecessor, handed to `create`. `needs`: to make and delete keys. */
  permissions?: { call: Call; at: string; except: string[]; needs: string[] };
  create: { call: (name: string, permissions: string[]) => Call; id: string; secret: Params };
  /** `name` is null where keys have none: there ours are those that were not there before. */
  list: { call: Call; items: string; id: string; name: string | null };
  remove: (id: string) => Call;
}
