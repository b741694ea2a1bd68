import type { ConnectorPort } from '../../ports/connectors.ts';
import { awsS3 } from './vendors/aws-s3/index.ts';
import { createEngine } from './engine.ts';
import type { EngineParts } from './engine.ts';
import { googleAnalytics } from './vendors/google-analytics/index.ts';
import { hubspot } from './vendors/hubspot/index.ts';
import { linkedin } from './vendors/linkedin/index.ts';
import { magento } from './vendors/magento.ts';
import { mailchimp } from './vendors/mailchimp.ts';
import type { Manifest } from './manifest.ts';
import { metaAds } from './vendors/meta-ads/index.ts';
import { salesforce } from './vendors/salesforce/index.ts';
import { sendgrid } from './vendors/sendgrid.ts';
import { shopify } from './vendors/shopify/index.ts';
import { slack } from './vendors/slack/index.ts';
import { stripe } from './vendors/stripe/index.ts';
import { superset } from './vendors/superset.ts';
import { tiktokAds } from './vendors/tiktok-ads.ts';
import { trello } from './vendors/trello/index.ts';
import { woocommerce } from './vendors/woocommerce/index.ts';
import { wordpress } from './vendors/wordpress/index.ts';
import { zohoCrm } from './vendors/zoho-crm/index.ts';

/** One line a connector. */
export const manifests: Record<string, Manifest> = {
  hubspot,
  wordpress,
  woocommerce,
  'zoho-crm': zohoCrm,
  salesforce,
  shopify,
  magento,
  mailchimp,
  slack,
  'meta-ads': metaAds,
  linkedin,
  'tiktok-ads': tiktokAds,
  trello,
  'google-analytics': googleAnalytics,
  superset,
  sendgrid,
  'aws-s3': awsS3,
  stripe,
};

export const createConnectors = (parts: EngineParts): ConnectorPort => createEngine(manifests, parts);
