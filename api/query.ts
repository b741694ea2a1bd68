import { refuseUnstorable } from './json.ts';

const GROUPED = /^([A-Za-z]+)\[([\w.-]{1,60})\]$/;

/** A query string as the schemas see it: `filter[status]=draft` is `{ filter: { status: 'draft' } }`, a repeated name a list. */
export const parseQuery = (text: string): Record<string, unknown> => {
  const query = new Map<string, unknown>();
  const put = (into: Map<string, unknown>, name: string, value: string) => {
    const earlier = into.get(name);
    into.set(name, earlier === undefined ? value : [earlier, value].flat());
  };
  const groups = new Map<string, Map<string, unknown>>();
  for (const [name, value] of new URLSearchParams(text)) {
    const [, group, member] = GROUPED.exec(name) ?? [];
    if (group === undefined || member === undefined) {
      put(query, name, value);
      continue;
    }
    const members = groups.get(group) ?? new Map<string, unknown>();
    groups.set(group, members);
    put(members, member, value);
  }
  for (const [group, members] of groups) query.set(group, Object.fromEntries(members));
  const parsed = Object.fromEntries(query);
  refuseUnstorable(parsed);
  return parsed;
};
