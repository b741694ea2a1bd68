import type { WriteReceipt } from '../../ports/connectors.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import type { Ask } from './ask.ts';
import { maybeDone } from './ask.ts';
import type { Creation } from './manifest.ts';
import { at } from './paths.ts';
import type { Source } from './rows.ts';

export async function create(ask: Ask, source: Source, input: unknown, marker: string): Promise<WriteReceipt> {
  const creation = creates(source);
  const body = creation.body(input, marker);
  const reply = await ask({ method: 'POST', path: creation.path, body }).catch((error: unknown) => {
    if (creation.safety === 'probe' || !maybeDone(error)) throw error;
    throw new Fault('outcome_unknown', `${source.manifest.title} may have made this; look there before trying again`, {
      cause: error,
    });
  });
  return receipt(source, creation, reply.json);
}

export async function probe(ask: Ask, source: Source, marker: string): Promise<WriteReceipt | null> {
  const creation = creates(source);
  for (const query of creation.probes(marker)) {
    const { json } = await ask({ path: creation.path, query });
    const found = at(json, source.stream.items);
    if (!Array.isArray(found))
      throw new Fault('provider_garbage', `${source.manifest.title} sent no list of ${source.name}`);
    if (found.length > 0) return receipt(source, creation, found[0]);
  }
  return null;
}

/** Silent when gone. */
export async function remove(ask: Ask, source: Source, externalId: string): Promise<void> {
  const { stream, manifest, name } = source;
  if (!stream.removes) throw new Fault('unsupported', `${manifest.title}: ${name} cannot be removed from here`);
  if (!stream.id.test(externalId)) return;
  await ask({ method: 'DELETE', path: `${stream.path}/${externalId}` }).catch((error: unknown) => {
    if (!isFault(error, 'not_found')) throw error;
  });
}

function creates({ manifest, name, stream }: Source): Creation {
  if (stream.create) return stream.create;
  throw new Fault('unsupported', `${manifest.title}: nothing can be made in ${name} from here`);
}

function receipt({ manifest, name }: Source, creation: Creation, json: unknown): WriteReceipt {
  const checked = creation.receipt.safeParse(json);
  if (checked.success) return checked.data;
  throw new Fault('provider_garbage', `${manifest.title} does not say what it made in ${name}`);
}
