import { formBody, isForm, json, type Call, type Reply } from '../../http.ts';
import type { Collection } from '../../records/collection.ts';
import { itemsOf, KINDS, shown } from './objects.ts';
import { invalid, missing, refused } from './refusals.ts';

type Tree = { [name: string]: Tree | string };

/** `a[b][0]=c` as an object. What is not a form is not read at all, as the vendor does with JSON. */
export function formOf(call: Call): Tree {
  const tree: Tree = {};
  if (!isForm(call)) return tree;
  for (const [key, value] of formBody(call)) {
    const names = [key.replace(/\[.*$/, ''), ...[...key.matchAll(/\[([^\]]*)\]/g)].map(([, name = '']) => name)];
    const last = names.pop() ?? '';
    let here = tree;
    for (const name of names) {
      const inner = here[name];
      here = here[name] = typeof inner === 'object' ? inner : {};
    }
    here[last] = value;
  }
  return tree;
}

/** Whole numbers are sent as text and come back as numbers. */
const typed = (value: Tree | string): unknown =>
  typeof value !== 'string'
    ? value
    : /^-?\d+$/.test(value)
      ? Number(value)
      : /^(true|false)$/.test(value)
        ? value === 'true'
        : value;

function merged(name: string, now: Record<string, unknown>, given: Tree): Record<string, unknown> {
  const next = { ...now };
  for (const [field, value] of Object.entries(given)) {
    if (field === 'metadata' && typeof value === 'object') next['metadata'] = { ...Object(now['metadata']), ...value };
    else if (field === 'items' && name === 'subscriptions')
      next['items'] = itemsOf('si_new', priceIn(value), 1_796_592_040);
    // An empty text takes a value away.
    else next[field] = value === '' ? null : typed(value);
  }
  return next;
}

const priceIn = (items: Tree | string): string => {
  const first = typeof items === 'object' ? items['0'] : undefined;
  return typeof first === 'object' && typeof first['price'] === 'string' ? first['price'] : 'price_1';
};

export function createObject(name: string, collection: Collection, call: Call): Reply {
  const kind = KINDS[name];
  if (!kind?.fresh) return refused(404, `Unrecognized request URL (POST: /v1/${name}).`);
  const given = formOf(call);
  const lacking = (kind.needs ?? []).find((field) => given[field] === undefined);
  if (lacking)
    return refused(400, `Missing required param: ${lacking}.`, { code: 'parameter_missing', param: lacking });
  if (name === 'refunds' && given['charge'] === undefined && given['payment_intent'] === undefined)
    return refused(400, 'One of the following params should be provided for this request: payment_intent or charge.');
  const email = given['email'];
  if (typeof email === 'string' && email !== '' && !email.includes('@'))
    return refused(400, `Invalid email address: ${email}`, { code: 'email_invalid', param: 'email' });
  return json(200, shown(kind, collection.create(merged(name, kind.fresh, given))));
}

export function updateObject(name: string, collection: Collection, call: Call, id: string): Reply {
  const kind = KINDS[name];
  const record = collection.get(id);
  if (!kind || !record) return missing(kind?.object ?? name, id);
  return json(200, shown(kind, collection.update(record, merged(name, record.body, formOf(call)))));
}

export function deleteObject(name: string, collection: Collection, id: string): Reply {
  const kind = KINDS[name];
  const record = collection.get(id);
  if (!kind?.removes) return refused(404, `Unrecognized request URL (DELETE: /v1/${name}/${id}).`);
  if (!record || record.body['status'] === 'canceled') return missing(kind.object, id);
  if (kind.removes === 'cancelled')
    return json(200, shown(kind, collection.retire(record, { ...record.body, status: 'canceled' })));
  if (name === 'invoices' && record.body['status'] !== 'draft')
    return invalid('id', 'You can only delete draft invoices.');
  collection.remove(id);
  return json(200, { id, object: kind.object, deleted: true });
}
