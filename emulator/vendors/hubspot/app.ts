/** The number of our app at the emulated HubSpot. */
export const APP_ID = 2_100_417;

/** A static token, as a Service Key is; good for the first account, every scope. */
export const STATIC_TOKEN = 'pat-eu1-emulated';

export interface Account {
  hubId: number;
  name: string;
  domain: string;
  user: string;
  userId: number;
}

export const FIRST_ACCOUNT: Account = {
  hubId: 24_681_012,
  name: 'Kornblume Bakery',
  domain: 'kornblume.example',
  user: 'owner@kornblume.example',
  userId: 88_012,
};

/** Whose people may install the app. */
export const ACCOUNTS: Account[] = [
  FIRST_ACCOUNT,
  {
    hubId: 24_681_013,
    name: 'Ferro SL',
    domain: 'ferro.example',
    user: 'iker@ferro.example',
    userId: 88_013,
  },
];

export const SCOPES = [
  'oauth',
  'crm.objects.contacts.read',
  'crm.objects.contacts.write',
  'crm.objects.companies.read',
  'crm.objects.companies.write',
  'crm.objects.deals.read',
  'crm.objects.deals.write',
  'tickets',
  'crm.objects.owners.read',
];
