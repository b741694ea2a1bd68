/** Where each emulated vendor really lives. `*` stands for one label: a shop, an organisation, a data centre. */
const VENDOR_ORIGINS: Record<string, string[]> = {
  hubspot: ['api.hubapi.com', 'app.hubspot.com'],
  'zoho-crm': [
    ...['com', 'eu', 'in', 'com.au', 'jp', 'com.cn', 'sa'].map((centre) => `accounts.zoho.${centre}`),
    'accounts.zohocloud.ca',
    ...['com', 'eu', 'in', 'com.au', 'jp', 'com.cn', 'ca', 'sa'].map((centre) => `www.zohoapis.${centre}`),
  ],
  shopify: ['*.myshopify.com'],
  'wordpress-com': ['public-api.wordpress.com'],
  salesforce: ['*.salesforce.com', '*.my.salesforce.com', '*.sandbox.my.salesforce.com'],
  mailchimp: ['login.mailchimp.com', '*.api.mailchimp.com'],
  slack: ['slack.com'],
  'meta-ads': ['www.facebook.com', 'graph.facebook.com'],
  linkedin: ['www.linkedin.com', 'api.linkedin.com'],
  'tiktok-ads': ['business-api.tiktok.com'],
  trello: ['trello.com', 'api.trello.com'],
  'google-analytics': [
    'accounts.google.com',
    'oauth2.googleapis.com',
    'analyticsadmin.googleapis.com',
    'analyticsdata.googleapis.com',
  ],
};
/** Where STS and S3 listen, region by region: only a whole first label may be a `*`. */
const AWS_REGIONS = [
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'ca-west-1', 'mx-central-1', 'sa-east-1'],
  ...['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2'],
  ...['af-south-1', 'il-central-1', 'me-central-1', 'me-south-1', 'ap-east-1', 'ap-south-1', 'ap-south-2'],
  ...['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3'],
  ...['ap-southeast-4', 'ap-southeast-5', 'ap-southeast-7'],
];
/** The same of those that are asked with keys: nobody has an application there. */
const KEY_VENDOR_ORIGINS: Record<string, string[]> = {
  sendgrid: ['api.sendgrid.com', 'api.eu.sendgrid.com'],
  'aws-iam': [
    'iam.amazonaws.com',
    ...['sts', 's3'].flatMap((service) => AWS_REGIONS.map((region) => `${service}.${region}.amazonaws.com`)),
  ],
  stripe: ['api.stripe.com'],
};
/** The same of model providers. */
const MODEL_ORIGINS: Record<string, string[]> = {
  openai: ['api.openai.com'],
  anthropic: ['api.anthropic.com'],
  'google-ai': ['generativelanguage.googleapis.com'],
  'azure-openai': ['*.openai.azure.com', '*.services.ai.azure.com', '*.cognitiveservices.azure.com'],
  groq: ['api.groq.com'],
  openrouter: ['openrouter.ai'],
};
/** Hosts of nobody's, for agents that reach the web: `https://news.web.example` is the web host `news`. */
const OTHER_ORIGINS: Record<string, string[]> = { web: ['*.web.example'], mcp: ['*.mcp.example'] };

/** Vendors that are ways into a connector of another name. */
const CONNECTORS: Record<string, string> = { 'wordpress-com': 'wordpress' };

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
        .map((id) => [CONNECTORS[id] ?? id, APP]),
    ),
  ),
  CONNECTOR_ORIGINS: Object.entries({ ...VENDOR_ORIGINS, ...KEY_VENDOR_ORIGINS, ...MODEL_ORIGINS, ...OTHER_ORIGINS })
    .flatMap(([id, hosts]) => hosts.map((host) => `https://${host}=${url}/${id}`))
    .join(','),
});
