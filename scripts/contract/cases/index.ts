import type { ContractCase } from '../case.ts';
import { linkedin } from './linkedin.ts';
import { metaAds } from './meta-ads.ts';
import { googleAnalytics } from './google-analytics.ts';
import { slack } from './slack.ts';
import { awsS3 } from './aws-s3.ts';
import { salesforce } from './salesforce.ts';
import { trello } from './trello.ts';
import { hubspot } from './hubspot.ts';
import { stripe } from './stripe.ts';
import { zohoCrm } from './zoho-crm.ts';
import { shopify } from './shopify.ts';
import { woocommerce, woocommerceSigned } from './woocommerce.ts';
import { wordpress, wordpressCom } from './wordpress.ts';

/** One line a connector. A connector of the catalogue that is missing here fails the contract, unless it has no streams yet. */
export const CASES: ContractCase[] = [
  salesforce,
  trello,
  hubspot,
  zohoCrm,
  wordpress,
  wordpressCom,
  woocommerce,
  woocommerceSigned,
  shopify,
  stripe,
  awsS3,
  slack,
  googleAnalytics,
  metaAds,
  linkedin,
];
