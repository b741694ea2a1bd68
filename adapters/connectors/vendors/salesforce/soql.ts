/** A value in a query: nothing in it ends the quotes. */
export const quoted = (value: string): string => `'${bare(value).replace(/[\\']/g, '\\$&')}'`;

/** Anything that holds this text; its own signs of a pattern are none. */
export const holding = (value: string): string => `'%${bare(value).replace(/[\\'%_]/g, '\\$&')}%'`;

/** Control characters have no place in a query. */
const bare = (value: string): string => value.replace(/[\u0000-\u001f\u007f]/g, ' ');

interface Selection {
  fields: string[];
  from: string;
  /** All of them hold. */
  where: string[];
  newest?: boolean;
  limit: number;
}

/** Along the ids, which neither move nor come twice while a scan goes on. */
export const select = ({ fields, from, where, newest = false, limit }: Selection): string =>
  [
    `SELECT ${fields.join(',')} FROM ${from}`,
    ...(where.length > 0 ? [`WHERE ${where.join(' AND ')}`] : []),
    `ORDER BY Id ${newest ? 'DESC' : 'ASC'} LIMIT ${limit}`,
  ].join(' ');
