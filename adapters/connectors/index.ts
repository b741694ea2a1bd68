import type { ConnectorPort } from '../../ports/connectors.ts';
import { awsS3 } from './aws-s3.ts';
import { createEngine } from './engine.ts';
import type { EngineParts } from './engine.ts';
import { googleAnalytics } from './google-analytics.ts';
import { hubspot } from './hubspot.ts';
import { magento } from './magento.ts';
import { mailchimp } from './mailchimp.ts';
import type { Manifest } from './manifest.ts';
import { metaAds } from './meta-ads.ts';
import { salesforce } from './salesforce.ts';
import { sendgrid } from './sendgrid.ts';
import { shopify } from './shopify.ts';
import { slack } from './slack.ts';
import { stripe } from './stripe.ts';
import { superset } from './superset.ts';
import { tiktokAds } from './tiktok-ads.ts';
import { trello } from './trello.ts';
import { wordpress } from './wordpress.ts';
import { zohoCrm } from './zoho-crm.ts';

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
