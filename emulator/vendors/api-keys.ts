import type { Handler } from '../http.ts';
import type { RecordsControl } from '../records/control.ts';
import type { Origin } from '../world.ts';

/** One key as the vendor knows it. */
export interface ApiKey {
  id: string;
  /** Its text, which the vendor shows once. */
  secret: string;
  name: string;
  account: string;
  scopes: string[];
  createdAtMs: number;
}

/** What a test or a person at the vendor's console does with the keys of an account. */
export interface KeyControl {
  /** Those alive, the oldest first, and how often each was used with success; never their text. */
  list: () => { id: string; name: string; account: string; scopes: string[]; calls: number }[];
  /** As a person makes one by hand. The text is shown this once. */
  mint: (given?: { name?: string; account?: string; scopes?: string[] }) => { id: string; secret: string };
  /** One, or all. How many died. */
  revoke: (id?: string) => number;
  /** Each key that is made from now on is unknown for its first so many calls: servers learn of it one by one. */
  settling: (calls: number) => void;
}

/** A vendor whose credentials are keys that its own API makes, lists and deletes, or that people make. */
export interface KeyVendor {
  handle: Handler;
  keys: KeyControl;
  now: () => number;
  records?: RecordsControl;
}

interface KeyRules {
  vendor: string;
  spell: () => { id: string; secret: string };
  /** Made by people before anybody looked. */
  first: Omit<ApiKey, 'createdAtMs'>[];
  scopes: string[];
}

export function createApiKeys({ memory, now }: Origin, { vendor, spell, first, scopes }: KeyRules) {
  const shelf = `${vendor}-keys`;
  const keys = new Map(memory.recall(shelf) as [string, ApiKey][]);
  const calls = new Map<string, number>();
  const unknownFor = new Map<string, number>();
  let settling = 0;

  const keep = (key: ApiKey): ApiKey => {
    keys.set(key.id, key);
    memory.keep(shelf, key.id, key);
    return key;
  };
  if (keys.size === 0) for (const key of first) keep({ ...key, createdAtMs: now() });

  const add = (given: Pick<ApiKey, 'name' | 'account' | 'scopes'>): ApiKey => {
    const key = keep({ ...spell(), ...given, createdAtMs: now() });
    if (settling > 0) unknownFor.set(key.id, settling);
    return key;
  };
  const remove = (id: string): boolean => {
    if (!keys.delete(id)) return false;
    memory.keep(shelf, id, null);
    return true;
  };
  const of = (account: string) => [...keys.values()].filter((key) => key.account === account);
  /** The key of this name or text, when servers know of it by now; its use is counted. */
  const used = (is: (key: ApiKey) => boolean): ApiKey | undefined => {
    const key = [...keys.values()].find(is);
    const left = key ? (unknownFor.get(key.id) ?? 0) : 0;
    if (key && left > 0) unknownFor.set(key.id, left - 1);
    if (!key || left > 0) return undefined;
    calls.set(key.id, (calls.get(key.id) ?? 0) + 1);
    return key;
  };

  const control: KeyControl = {
    list: () =>
      [...keys.values()].map(({ id, name, account, scopes: may }) => ({
        ...{ id, name, account, scopes: may },
        calls: calls.get(id) ?? 0,
      })),
    mint({ name = 'made by hand', account = first[0]?.account ?? '', scopes: may = scopes } = {}) {
      const { id, secret } = add({ name, account, scopes: may });
      return { id, secret };
    },
    revoke: (id) => (id === undefined ? [...keys.keys()] : [id]).filter(remove).length,
    settling: (count) => void (settling = count),
  };
  return { add, remove, of, used, control };
}
