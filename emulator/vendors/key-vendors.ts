import type { Origin } from '../world.ts';
import type { KeyVendor } from './api-keys.ts';
import { createAwsIam } from './aws-iam.ts';
import { createSendgrid } from './sendgrid.ts';
import { createStripe } from './stripe/index.ts';
import { createWoocommerce } from './woocommerce/index.ts';

/** The vendors that are asked with keys, by the name they are mounted under. */
export const KEY_VENDORS: Record<string, (origin: Origin) => KeyVendor> = {
  sendgrid: createSendgrid,
  'aws-iam': createAwsIam,
  stripe: createStripe,
  woocommerce: createWoocommerce,
};
