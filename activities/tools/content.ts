import { z } from 'zod';
import { CATEGORY_RESOURCES } from '../../ports/categories.ts';
import type { Ports } from '../../ports/index.ts';
import { said } from './answers.ts';
import { declaredFamily, declareTool, reads } from './declare.ts';
import type { ToolFamily } from './toolbox.ts';

const CmsResource = z.enum(CATEGORY_RESOURCES.cms);

/** The company's website, in the few words that an audit needs. */
export const contentTools = ({ categories: { cms } }: Pick<Ports, 'categories'>): ToolFamily =>
  declaredFamily('content', {
    list_content: declareTool({
      ...reads(true),
      description: 'Lists content of the company’s website, newest first: ids, titles and when each was last modified.',
      input: z.strictObject({
        resource: CmsResource,
        limit: z.int().min(1).max(50).default(20),
        cursor: z.string().optional(),
        search: z.string().max(200).optional(),
      }),
      async run({ at: { tenantId }, signal }, { resource, ...query }) {
        const page = await cms.list({ tenantId }, resource, { order: 'newest', signal, ...query });
        const items = page.items.map(({ externalId, title, modifiedAt, status }) => ({
          ...{ id: externalId, resource, title, modifiedAt, status },
        }));
        return said({ items, nextCursor: page.nextCursor, total: page.total });
      },
    }),
    read_content: declareTool({
      ...reads(true),
      description: 'Reads one piece of content by its id: title, full text, link.',
      input: z.strictObject({ resource: CmsResource, id: z.string().min(1).max(100) }),
      async run({ at: { tenantId } }, { resource, id }) {
        const { externalId, title, text, link, modifiedAt } = await cms.read({ tenantId }, resource, id);
        return said({ id: externalId, resource, title, text, link, modifiedAt });
      },
    }),
  });
