import { createSqlTag } from 'slonik';
import { z } from 'zod';

/** Queries carry the schema of their rows: `sql.type(Schema)`, or `sql.typeAlias('nothing')` where no row is awaited. */
export const sql = createSqlTag({
  typeAliases: {
    nothing: z.object({}),
    id: z.object({ id: z.string() }),
    count: z.object({ count: z.number() }),
  },
});
