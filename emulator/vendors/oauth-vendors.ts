import type { Origin } from '../world.ts';
import { createGoogleAnalytics } from './google-analytics/index.ts';
import { createLinkedin } from './linkedin/index.ts';
import { createMagento } from './magento.ts';
import { createMailchimp } from './mailchimp.ts';
import { createMetaAds } from './meta-ads/index.ts';
import type { OAuthVendor } from './oauth-vendor.ts';
import { createSalesforce } from './salesforce/index.ts';
import { createShopify } from './shopify/index.ts';
import { createSlack } from './slack/index.ts';
import { createSuperset } from './superset.ts';
import { createTiktokAds } from './tiktok-ads.ts';
import { createTrello } from './trello/index.ts';
import { createWordpressCom } from './wordpress/com.ts';
import { createZohoCrm } from './zoho-crm/index.ts';

/** The vendors that are little more yet than their ways of authorizing, by the name they are mounted under. */
export const OAUTH_VENDORS: Record<string, (origin: Origin) => OAuthVendor> = {
  'zoho-crm': createZohoCrm,
  shopify: createShopify,
  'wordpress-com': createWordpressCom,
  salesforce: createSalesforce,
  mailchimp: createMailchimp,
  slack: createSlack,
  'meta-ads': createMetaAds,
  'tiktok-ads': createTiktokAds,
  trello: createTrello,
  magento: createMagento,
  superset: createSuperset,
  'google-analytics': createGoogleAnalytics,
  linkedin: createLinkedin,
};
