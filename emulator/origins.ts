/** Where each emulated vendor really lives. `*` stands for one label: a shop, an organisation, a data centre. */
const VENDOR_ORIGINS: Record<string, string[]> = {
  hubspot: ['api.hubapi.com', 'app.hubspot.com'],
  'zoho-crm': [
    ...['com', 'eu', 'in', 'com.au', 'jp', 'com.cn', 'sa'].map((centre) => `accounts.zoho.${centre}`),
    'accounts.zohocloud.ca',
    ...['com', 'eu', 'in', 'com.au', 'jp', 'com.cn', 'ca', 'sa'].map((centre) => `www.zohoapis.${centre}`),
  ],
  shopify: ['*.myshopify.com'],
  salesforce: ['*.salesforce.com', '*.my.salesforce.com', '*.sandbox.my.salesforce.com'],
  mailchimp: ['login.mailchimp.com', '*.api.mailchimp.com'],
  slack: ['slack.com'],
  'meta-ads': ['www.facebook.com', 'graph.facebook.com'],
  'tiktok-ads': ['business-api.tiktok.com'],
  trello: ['trello.com', 'api.trello.com'],
  'google-analytics': ['accounts.google.com', 'oauth2.googleapis.com', 'analyticsadmin.googleapis.com'],
};

const APP = { clientId: 'emulated-client', clientSecret: 'emulated-secret' };

/** What a deployment is told so that the emulator at `url` stands for every vendor: where their hosts lead, and our application there. */
export const emulatedVendors = (url: string) => ({
  // HubSpot's application has variables of its own, so that a person's own is one variable away.
  HUBSPOT_CLIENT_ID: APP.clientId,
  HUBSPOT_CLIENT_SECRET: APP.clientSecret,
  OAUTH_APPS: JSON.stringify(
    Object.fromEntries(
      Object.keys(VENDOR_ORIGINS)
        .filter((id) => id !== 'hubspot')
        .map((id) => [id, APP]),
    ),
  ),
  CONNECTOR_ORIGINS: Object.entries(VENDOR_ORIGINS)
    .flatMap(([id, hosts]) => hosts.map((host) => `https://${host}=${url}/${id}`))
    .join(','),
});
