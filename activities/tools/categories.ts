import { z } from 'zod';
import { CATEGORY_RESOURCES } from '../../ports/categories.ts';
import type { CategoryPort, CategoryPorts, Resource } from '../../ports/categories.ts';
import { ConnectionId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import { said } from './answers.ts';
import { createChanges } from './category-changes.ts';
import { declaredFamily, declareTool, reads } from './declare.ts';
import type { AnyTool } from './declare.ts';
import type { ToolFamily } from './toolbox.ts';

type Category = keyof CategoryPorts;

/** What people call a category's systems. */
const SYSTEMS: Record<Category, string> = {
  crm: 'CRM',
  cms: 'website',
  ecommerce: 'shop',
  analytics: 'web analytics',
  tasks: 'task boards',
  email: 'e-mail marketing',
  ads: 'advertising accounts',
  social: 'social media',
  payments: 'payments',
  communication: 'team messaging',
  storage: 'file storage',
};
const CATEGORIES = Object.keys(SYSTEMS) as Category[];

/** A category without which tools are written once for all. */
export interface AnyCategory {
  category: Category;
  system: string;
  resources: readonly Resource[];
  port: CategoryPort<Resource>;
}

const connectionId = ConnectionId.optional().describe('Asks this connection; absent: the one that has such records');

const listTool = ({ system, resources, port }: AnyCategory): AnyTool =>
  declareTool({
    ...reads(true),
    description: `Lists records of the company’s ${system} (${resources.join(', ')}), newest first.`,
    input: z.strictObject({
      resource: z.enum(resources),
      connectionId,
      limit: z.int().min(1).max(50).default(20),
      cursor: z.string().max(4000).optional().describe('`nextCursor` of the page before'),
      search: z.string().max(200).optional(),
      since: z.iso.datetime().optional().describe('Only what changed since'),
      filter: z.record(z.string().max(100), z.string().max(500)).optional(),
    }),
    async run({ at: { tenantId }, signal }, { resource, connectionId: of, ...query }) {
      const { items, nextCursor, total, unreadable } = await port.list({ tenantId, connectionId: of }, resource, {
        ...{ order: 'newest', signal },
        ...query,
      });
      return said({ items, nextCursor, total, ...(unreadable.length > 0 && { unreadable: unreadable.length }) });
    },
  });

const readTool = ({ system, resources, port }: AnyCategory): AnyTool =>
  declareTool({
    ...reads(true),
    description: `Reads one record of the company’s ${system} by its \`externalId\`.`,
    input: z.strictObject({
      resource: z.enum(resources),
      connectionId,
      id: z.string().min(1).max(500),
    }),
    run: async ({ at: { tenantId } }, { resource, connectionId: of, id }) =>
      said(await port.read({ tenantId, connectionId: of }, resource, id)),
  });

type Needs = Pick<Ports, 'categories' | 'connectors' | 'content' | 'tenantSettings'>;

/** `<category>_list`, `_read`, `_write` and `_delete` for every category: the tenant's own systems, whichever they are. */
export const categoryTools = (ports: Needs): ToolFamily => {
  const { writeTool, deleteTool } = createChanges(ports);
  const tools = CATEGORIES.flatMap((category): [string, AnyTool][] => {
    const any: AnyCategory = {
      ...{ category, system: SYSTEMS[category], resources: CATEGORY_RESOURCES[category] },
      // Which resources a category has is checked by each tool's own schema.
      port: ports.categories[category] as CategoryPort<Resource>,
    };
    return [
      [`${category}_list`, listTool(any)],
      [`${category}_read`, readTool(any)],
      [`${category}_write`, writeTool(any)],
      [`${category}_delete`, deleteTool(any)],
    ];
  });
  return declaredFamily('categories', Object.fromEntries(tools));
};
