import { MODELS } from '../ports/categories.ts';
import type { ConnectorInfo, StreamInfo } from '../ports/connector-info.ts';
import { Fault, isFault } from '../ports/errors.ts';
import type { FieldError } from '../ports/errors.ts';
import type { TenantId } from '../ports/ids.ts';
import type { RecordTarget, StreamChoice } from '../ports/tenants.ts';
import type { ApiDeps } from './deps.ts';

/** What a schema cannot know: which of a connector's streams there are, and which sink can take each. */
export const wrongChoices = ({ id, streams }: ConnectorInfo, sync: StreamChoice[], path: string): FieldError[] =>
  sync.flatMap(({ stream, sink }, at) => {
    const wrong: FieldError[] = [];
    const field = `${path}.${at}`;
    const offered = streams.find(({ name }) => name === stream);
    if (!offered?.syncs) {
      const names = streams.filter(({ syncs }) => syncs).map(({ name }) => name);
      wrong.push({ path: `${field}.stream`, message: `${id} offers ${names.join(', ') || 'none'}` });
    } else if (sink === 'knowledge' && !offered.text) {
      wrong.push({ path: `${field}.sink`, message: `${stream} is no text; choose the sink store` });
    }
    if (sync.findIndex((other) => other.stream === stream) !== at) {
      wrong.push({ path: `${field}.stream`, message: `${stream} is named twice` });
    }
    return wrong;
  });

type Wrong = { at: string; message: string } | undefined;

/** Names of the fields that rows of a stream have; null where they are the system's own. */
const fieldsOf = ({ model }: StreamInfo): string[] | null =>
  model !== null && model in MODELS ? Object.keys(MODELS[model as keyof typeof MODELS].shape) : null;

/** Whether records of `source` can be kept in step in that stream of another system. */
const wrongRecords = (
  { fields, key, filter = key, stream }: RecordTarget,
  source: StreamInfo | undefined,
  { id, streams }: ConnectorInfo,
): Wrong => {
  const there = streams.find(({ name }) => name === stream);
  if (there === undefined) return { at: 'stream', message: `${id} has no ${stream}` };
  const write = (kind: string) => there.writes.find((each) => each.kind === kind);
  const [create, update] = [write('create'), write('update')];
  if (!create || !update) return { at: 'stream', message: `${stream} of ${id} cannot be made and changed from here` };
  const unknown = Object.keys(fields).find((name) => !create.fields.includes(name));
  if (unknown !== undefined) {
    return { at: `fields.${unknown}`, message: `${stream} of ${id} takes ${create.fields.join(', ')}` };
  }
  const ours = source ? fieldsOf(source) : null;
  const missing = Object.entries(fields).find(([, name]) => ours !== null && !ours.includes(name));
  if (missing) return { at: `fields.${missing[0]}`, message: `ours have ${ours?.join(', ')}` };
  if (!Object.hasOwn(fields, key)) return { at: 'key', message: 'must be one of the fields that are written' };
  if (there.filters.some(({ name }) => name === filter)) return undefined;
  const names = there.filters.map(({ name }) => name).join(', ') || 'nothing';
  return { at: 'filter', message: `${stream} of ${id} are found by ${names}` };
};

/** What only the tenant's own things tell: whether each target is there and can take the stream. */
const wrongTarget = async (
  { ports }: ApiDeps,
  tenantId: TenantId,
  source: ConnectorInfo,
  { stream, sink, target }: StreamChoice,
): Promise<Wrong> => {
  if (sink === 'webhook') {
    if (!target || !('channelId' in target)) return { at: '', message: 'name the webhook: { channelId }' };
    const channel = (await ports.channels.list(tenantId)).find(({ id }) => id === target.channelId);
    return channel?.kind === 'webhook' ? undefined : { at: 'channelId', message: 'there is no such webhook channel' };
  }
  if (sink !== 'connection') return target && { at: '', message: `the sink ${sink} has no target; leave it out` };
  if (!target || !('fields' in target)) {
    return { at: '', message: 'name the records: { connectionId, stream, fields, key }' };
  }
  try {
    const { connectorId } = await ports.connections.get(tenantId, target.connectionId);
    const from = source.streams.find(({ name }) => name === stream);
    return wrongRecords(target, from, ports.connectors.info(connectorId));
  } catch (error) {
    if (!isFault(error, 'not_found')) throw error;
    return { at: 'connectionId', message: 'there is no such connection' };
  }
};

/** Throws `invalid_request` that names each choice which cannot be. */
export const checkChoices = async (
  deps: ApiDeps,
  tenantId: TenantId,
  connectorId: string,
  sync: StreamChoice[],
): Promise<void> => {
  const info = deps.ports.connectors.info(connectorId);
  const fields = wrongChoices(info, sync, 'sync');
  for (const [at, choice] of sync.entries()) {
    const wrong = await wrongTarget(deps, tenantId, info, choice);
    if (wrong) {
      fields.push({ path: `sync.${at}.target${wrong.at === '' ? '' : `.${wrong.at}`}`, message: wrong.message });
    }
  }
  if (fields.length > 0) throw new Fault('invalid_request', 'The wanted syncs do not fit.', { fields });
};
