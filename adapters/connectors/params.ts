/** Names and their values: of a query, of a form, of a connection's settings. */
export type Params = Record<string, string>;
