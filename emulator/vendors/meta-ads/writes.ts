import { formBody, isForm, json, jsonBody, record, type Call, type Reply } from '../../http.ts';
import type { Collection, Kept } from '../../records/collection.ts';
import type { Ads, Edge } from './objects.ts';
import { failed } from './refusals.ts';

const NEEDS: Record<Edge, string[]> = {
  campaigns: ['name', 'objective', 'status', 'special_ad_categories'],
  adsets: ['name', 'campaign_id', 'billing_event', 'optimization_goal', 'targeting', 'status'],
  ads: ['name', 'adset_id', 'creative', 'status'],
};
const fieldsOf = (call: Call): Record<string, unknown> =>
  isForm(call) ? Object.fromEntries(formBody(call)) : record(jsonBody(call));

export function createIn(ads: Ads, edge: Edge, account: string, call: Call): Reply {
  const given = fieldsOf(call);
  const lacking = NEEDS[edge].find((name) => given[name] === undefined);
  if (lacking) return failed(400, `(#100) The parameter ${lacking} is required`, 100);
  // Of an ad the campaign is that of its ad set, and the creative is shown by its id.
  const above = edge === 'ads' && {
    campaign_id: ads.adsets.get(String(given['adset_id']))?.body['campaign_id'],
    creative: { id: record(given['creative'])['creative_id'] },
  };
  const made = ads[edge].create({ ...given, ...above, effective_status: given['status'], account });
  return json(200, { id: made.id });
}

export function change(collection: Collection, found: Kept, call: Call): Reply {
  const given = fieldsOf(call);
  if (Object.keys(given).length === 0) return failed(400, '(#100) nothing to change', 100);
  const { status } = given;
  collection.update(found, { ...found.body, ...given, ...(status !== undefined && { effective_status: status }) });
  return json(200, { success: true });
}

/** It stays, as deleted, for whoever asks for such. */
export function remove(collection: Collection, found: Kept): Reply {
  if (found.body['effective_status'] !== 'DELETED')
    collection.retire(found, { ...found.body, status: 'DELETED', effective_status: 'DELETED' });
  return json(200, { success: true });
}
