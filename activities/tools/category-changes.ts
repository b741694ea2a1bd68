import { z } from 'zod';
import type { Place, Resource } from '../../ports/categories.ts';
import type { WriteAction } from '../../ports/connectors.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import { ConnectionId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import type { PinnedTool } from '../../ports/tools.ts';
import { DEFAULT_ASK } from '../../ports/tools.ts';
import type { Write } from '../writes.ts';
import type { AnyCategory } from './categories.ts';
import { declareTool } from './declare.ts';
import type { AnyTool } from './declare.ts';
import type { ToolAct, ToolCalled } from './toolbox.ts';

type Needs = Pick<Ports, 'connectors' | 'content' | 'tenantSettings'>;

const connectionId = ConnectionId.optional().describe('Changes this connection; absent: the one that has such records');
const id = z.string().min(1).max(500);

const asks: Pick<PinnedTool, 'route' | 'consent' | 'external'> = {
  ...{ route: 'write', consent: { kind: 'ask', policy: DEFAULT_ASK }, external: false },
};

const VERBS = { create: 'Create in', update: 'Change', delete: 'Delete from' } as const;

/** What histories hold of a change: its fields by reference. */
const referred = (action: WriteAction, contentId: string): Write['action'] => {
  switch (action.kind) {
    case 'create':
      return { kind: 'create', contentId };
    case 'update':
      return { kind: 'update', externalId: action.externalId, contentId };
    case 'delete':
      return action;
  }
};

/** Which of a category's records the tenant's system lets us change, and by which fields. */
const writable = async (tenantId: TenantId, { port, resources }: AnyCategory): Promise<string> => {
  const places = await Promise.all(
    resources.map((resource) =>
      port.place({ tenantId }, resource).catch((error: unknown) => {
        if (isFault(error, 'not_connected', 'unsupported')) return null;
        throw error;
      }),
    ),
  );
  const lines = places.flatMap((place, at) =>
    (place?.stream.writes ?? []).map(({ kind, fields: named }) =>
      [kind, resources[at], named.length > 0 ? `(${named.join(', ')})` : ''].join(' ').trim(),
    ),
  );
  const title = places.find((place) => place !== null)?.title;
  if (title === undefined) return 'No such system is connected now.';
  return lines.length > 0 ? `${title} can: ${lines.join('; ')}.` : `${title} can only be read.`;
};

/** Changes of a tenant's system: made by `connectorWrite`, after people were asked where they want to be. */
export const createChanges = ({ connectors, content, tenantSettings }: Needs) => {
  const refuseWrong = ({ connectorId, title, stream }: Place, action: WriteAction): void => {
    const kinds = stream.writes.map(({ kind }) => kind);
    if (!kinds.includes(action.kind)) {
      const can = kinds.length > 0 ? `it can ${kinds.join(', ')}` : 'it can only be read';
      throw new Fault('unsupported', `${title} cannot ${action.kind} ${stream.name} from here; ${can}.`);
    }
    connectors.checkWrite(connectorId, stream.name, action);
  };

  const change = async ({ at, effectKey }: ToolCalled, place: Place, action: WriteAction): Promise<ToolAct> => {
    refuseWrong(place, action);
    const { tenantId } = at;
    const { connectorId, connectionId: through, title, stream } = place;
    const { kinds, policy } = (await tenantSettings.get(tenantId)).writeApprovals;
    const input = action.kind === 'delete' ? null : await content.putFor(tenantId, effectKey, action.input);
    const write: Write = {
      ...{ tenantId, connectionId: through, stream: stream.name, effectKey },
      action: referred(action, input?.id ?? ''),
    };
    return {
      act: { kind: 'write', connectorId, write },
      shown: { subject: `${VERBS[action.kind]} ${stream.title} of ${title}`, connectionId: through },
      preview: { connectorId, connectionId: through, resource: stream.name, kind: action.kind },
      ...(kinds.includes(action.kind) && { asks: policy }),
    };
  };

  /** Where people were shown that it goes; before anybody was asked, where the arguments say, or wherever there are such records. */
  const placeOf = (
    { at: { tenantId }, through }: ToolCalled,
    { port }: AnyCategory,
    of: ConnectionId | undefined,
    resource: Resource,
  ) => port.place({ tenantId, connectionId: of ?? through }, resource);

  const writeTool = (category: AnyCategory): AnyTool =>
    declareTool({
      ...{ ...asks, effect: 'write' },
      description: `Creates or changes one record of the company’s ${category.system}.`,
      now: ({ tenantId }) => writable(tenantId, category),
      input: z.strictObject({
        resource: z.enum(category.resources),
        connectionId,
        id: id.optional().describe('Changes this record; absent: creates a new one'),
        fields: z.record(z.string().max(200), z.json()).describe('Names and values of the fields to write'),
      }),
      act: async (call, { resource, connectionId: of, id: externalId, fields }) =>
        change(
          call,
          await placeOf(call, category, of, resource),
          externalId === undefined ? { kind: 'create', input: fields } : { kind: 'update', externalId, input: fields },
        ),
      tell: async (_call, _result, receipt) => JSON.stringify({ done: true, id: receipt }),
    });

  const deleteTool = (category: AnyCategory): AnyTool =>
    declareTool({
      ...{ ...asks, effect: 'irreversible' },
      description: `Deletes one record of the company’s ${category.system} for good.`,
      input: z.strictObject({ resource: z.enum(category.resources), connectionId, id }),
      act: async (call, { resource, connectionId: of, id: externalId }) =>
        change(call, await placeOf(call, category, of, resource), { kind: 'delete', externalId }),
      tell: async (_call, _result, receipt) => JSON.stringify({ deleted: true, id: receipt }),
    });

  return { writeTool, deleteTool };
};
