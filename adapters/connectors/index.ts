import type { ConnectorPort } from '../../ports/connectors.ts';
import { awsS3 } from './vendors/aws-s3.ts';
import { createEngine } from './engine.ts';
import type { EngineParts } from './engine.ts';
import { googleAnalytics } from './vendors/google-analytics.ts';
import { hubspot } from './vendors/hubspot.ts';
import { magento } from './vendors/magento.ts';
import { mailchimp } from './vendors/mailchimp.ts';
import type { Manifest } from './manifest.ts';
import { metaAds } from './vendors/meta-ads.ts';
import { salesforce } from './vendors/salesforce.ts';
import { sendgrid } from './vendors/sendgrid.ts';
import { shopify } from './vendors/shopify.ts';
import { slack } from './vendors/slack.ts';
import { stripe } from './vendors/stripe.ts';
import { superset } from './vendors/superset.ts';
import { tiktokAds } from './vendors/tiktok-ads.ts';
import { trello } from './vendors/trello.ts';
import { wordpress } from './vendors/wordpress.ts';
import { zohoCrm } from './vendors/zoho-crm.ts';

/** One line a connector. */
export const manifests: Record<string, Manifest> = {
  hubspot,
  wordpress,
  'zoho-crm': zohoCrm,
  salesforce,
  shopify,
  magento,
  mailchimp,
  slack,
  'meta-ads': metaAds,
  'tiktok-ads': tiktokAds,
  trello,
  'google-analytics': googleAnalytics,
  superset,
  sendgrid,
  'aws-s3': awsS3,
  stripe,
};

export const createConnectors = (parts: EngineParts): ConnectorPort => createEngine(manifests, parts);
