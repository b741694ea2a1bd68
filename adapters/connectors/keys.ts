import type { Connection } from '../../ports/connections.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import type { HttpClient } from '../http/client.ts';
import { createAsk } from './ask.ts';
import type { Call } from './call.ts';
import type { KeyApi } from './key-api.ts';
import type { Manifest } from './manifest.ts';
import { manifestOf, methodOf } from './methods.ts';
import { at } from './paths.ts';

export interface VendorKey {
  id: string;
  name: string | null;
}

/** The keys of one connection's account. Each call is made with the credential it is given. */
export interface KeyClient extends Pick<KeyApi, 'max' | 'settlesMs' | 'id'> {
  named: boolean;
  /** False where this key surely may not make and delete keys; true where only trying tells. */
  mayMake: (secret: SecretValues) => Promise<boolean>;
  list: (secret: SecretValues) => Promise<VendorKey[]>;
  /** A new key with the permissions of `secret`, as values of the connection's secret. */
  create: (secret: SecretValues, name: string) => Promise<VendorKey & { values: SecretValues }>;
  /** Silent when gone. */
  remove: (secret: SecretValues, id: string) => Promise<void>;
}

export interface VendorKeys {
  /** Where people find their keys at the vendor, as a part of a sentence. */
  where: (connectorId: string) => string;
  /** Null: only people make and delete keys there. */
  client: (connection: Connection) => KeyClient | null;
}

export const createVendorKeys = (http: HttpClient, manifests: Record<string, Manifest>): VendorKeys => ({
  where(connectorId) {
    const { title, keys } = manifestOf(manifests, connectorId);
    return keys ? `${title} (${keys.where})` : title;
  },
  client(connection) {
    const manifest = manifestOf(manifests, connection.connectorId);
    const method = methodOf(manifest, connection.authMethod);
    const api = manifest.keys?.api;
    if (api?.method !== method.id) return null;
    const ask = (secret: SecretValues, call: Call) =>
      createAsk(http, manifest, method, connection.settings, secret)(call);
    return clientOf(api, manifest.title, ask);
  },
});

function clientOf(
  { max, settlesMs, id, permissions, create, list, remove }: KeyApi,
  title: string,
  ask: (secret: SecretValues, call: Call) => Promise<{ json: unknown }>,
): KeyClient {
  const garbage = () =>
    new Fault('provider_garbage', `${title} answered about its keys with what we do not understand`);
  /** It becomes a part of an address or a form, so that it may be a plain word only. */
  const idIn = (json: unknown, path: string): string => {
    const found = at(json, path);
    if (typeof found === 'string' && /^[\w-]{1,128}$/.test(found)) return found;
    throw garbage();
  };
  const listIn = (json: unknown, path: string): unknown[] => {
    const found = at(json, path);
    if (Array.isArray(found)) return found as unknown[];
    throw garbage();
  };
  const textIn = (json: unknown, path: string): string => {
    const found = at(json, path);
    if (typeof found === 'string' && found !== '') return found;
    throw garbage();
  };

  const allowed = async (secret: SecretValues): Promise<string[]> =>
    permissions ? listIn((await ask(secret, permissions.call)).json, permissions.at).map(String) : [];

  return {
    ...(max !== undefined && { max }),
    ...{ settlesMs, id, named: list.name !== null },
    async mayMake(secret) {
      const may = await allowed(secret);
      return permissions?.needs.every((each) => may.includes(each)) ?? true;
    },
    async list(secret) {
      const { json } = await ask(secret, list.call);
      return listIn(json, list.items).map((key) => {
        const name = list.name === null ? null : at(key, list.name);
        return { id: idIn(key, list.id), name: typeof name === 'string' ? name : null };
      });
    },
    async create(secret, name) {
      const wanted = (await allowed(secret)).filter((each) => !permissions?.except.includes(each));
      const { json } = await ask(secret, create.call(name, wanted));
      const made = Object.entries(create.secret).map(([field, path]) => [field, textIn(json, path)] as const);
      return { id: idIn(json, create.id), name, values: { ...secret, ...Object.fromEntries(made) } };
    },
    async remove(secret, keyId) {
      await ask(secret, remove(keyId)).catch((error: unknown) => {
        if (!isFault(error, 'not_found')) throw error;
      });
    },
  };
}
