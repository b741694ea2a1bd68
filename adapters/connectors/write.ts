import type { WriteAction, WriteReceipt } from '../../ports/connectors.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import { maybeDone } from './ask.ts';
import type { Ask } from './ask.ts';
import { at } from './paths.ts';
import type { Source } from './rows.ts';
import type { Write } from './writes.ts';

/** One change that the declaration knows, its input checked. */
interface Checked {
  write: Write;
  input: unknown;
  id: string;
}

/** Without I/O: `unsupported`, `not_found` for what is no id, or `invalid_request` that names each field. */
export function checkedWrite({ manifest, name, stream }: Source, action: WriteAction): Checked {
  const write = stream.writes?.[action.kind];
  if (!write) {
    const can = Object.keys(stream.writes ?? {}).join(', ');
    throw new Fault(
      'unsupported',
      `${manifest.title}: no ${action.kind} of ${name} from here; there is: ${can || 'reading'}`,
    );
  }
  const id = action.kind === 'create' ? '' : action.externalId;
  if (action.kind === 'update' && !stream.id.test(id))
    throw new Fault('not_found', `${manifest.title} has nothing under this id`);
  const file = action.kind === 'create' ? action.file : undefined;
  if (file && !write.takesFile) throw new Fault('unsupported', `${manifest.title}: ${name} take no file`);
  return { write, input: write.check(action.kind === 'delete' ? {} : action.input), id };
}

export async function performWrite(
  ask: Ask,
  source: Source,
  action: WriteAction,
  marker: string,
): Promise<WriteReceipt> {
  const { settings } = source;
  const checked = checkedWrite(source, action);
  const { write, input, id } = checked;
  const gone = { externalId: id, link: null };
  if (action.kind === 'delete' && !source.stream.id.test(id)) return gone;
  const file = action.kind === 'create' ? action.file : undefined;
  try {
    const reply = await ask(write.call({ input, id, marker, settings, ...(file && { file }) }));
    return write.receiptOf?.(reply, { input, settings }) ?? receiptOf(source, checked, reply.json);
  } catch (error) {
    if (action.kind === 'delete' && isFault(error, 'not_found')) return gone;
    if (write.safety !== 'unsafe' || !maybeDone(error)) throw error;
    const { title } = source.manifest;
    throw new Fault('outcome_unknown', `${title} may have done this; look there before trying again`, { cause: error });
  }
}

/** What an earlier attempt with this marker did, or null. */
export async function probeWrite(
  ask: Ask,
  source: Source,
  action: WriteAction,
  marker: string,
): Promise<WriteReceipt | null> {
  const checked = checkedWrite(source, action);
  const { write, input } = checked;
  for (const { call, items, is = () => true } of write.probes?.({ input, marker }) ?? []) {
    const reply = await ask(call).catch((error: unknown) => {
      if (isFault(error, 'not_found')) return null;
      throw error;
    });
    const found = reply && at(reply.json, items);
    const own = (Array.isArray(found) ? (found as unknown[]) : [found ?? []].flat()).find(is);
    if (own !== undefined) return receiptOf(source, checked, own);
  }
  return null;
}

function receiptOf({ manifest, name }: Source, { write, id }: Checked, json: unknown): WriteReceipt {
  if (!write.receipt) return { externalId: id, link: null };
  const checked = write.receipt.safeParse(json);
  if (checked.success) return checked.data;
  throw new Fault('provider_garbage', `${manifest.title} does not say what it made in ${name}`);
}
