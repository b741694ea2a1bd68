import type { Origin } from '../world.ts';
import { createGoogleAnalytics } from './google-analytics.ts';
import { createMagento } from './magento.ts';
import { createMailchimp } from './mailchimp.ts';
import { createMetaAds } from './meta-ads.ts';
import type { OAuthVendor } from './oauth-vendor.ts';
import { createSalesforce } from './salesforce.ts';
import { createShopify } from './shopify.ts';
import { createSlack } from './slack.ts';
import { createSuperset } from './superset.ts';
import { createTiktokAds } from './tiktok-ads.ts';
import { createTrello } from './trello.ts';
import { createZohoCrm } from './zoho-crm.ts';

/** The vendors that are little more yet than their ways of authorizing, by the name they are mounted under. */
export const OAUTH_VENDORS: Record<string, (origin: Origin) => OAuthVendor> = {
  'zoho-crm': createZohoCrm,
  shopify: createShopify,
  salesforce: createSalesforce,
  mailchimp: createMailchimp,
  slack: createSlack,
  'meta-ads': createMetaAds,
  'tiktok-ads': createTiktokAds,
  trello: createTrello,
  magento: createMagento,
  superset: createSuperset,
  'google-analytics': createGoogleAnalytics,
};
