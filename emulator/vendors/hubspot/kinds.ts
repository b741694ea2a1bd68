import { company, deal, person, ticket } from './people.ts';

/** One kind of CRM object: they all behave alike, and these are the differences. */
export interface Kind {
  /** The segment of its paths, and the name of its collection. */
  name: string;
  /** What its events are called after. */
  singular: string;
  scopes: { read: string; write: string };
  firstId: number;
  /** Contacts name it otherwise than every other object. */
  modified: 'lastmodifieddate' | 'hs_lastmodifieddate';
  writable: string[];
  /** Shown unless others are named. */
  defaults: string[];
  /** No two living records hold the same here. */
  unique?: string;
  make: (seed: number, place: number) => Record<string, string>;
}

const crm = (name: string) => ({ read: `crm.objects.${name}.read`, write: `crm.objects.${name}.write` });

export const KINDS: Kind[] = [
  {
    name: 'contacts',
    singular: 'contact',
    scopes: crm('contacts'),
    firstId: 51_501,
    modified: 'lastmodifieddate',
    writable: [
      ...['firstname', 'lastname', 'email', 'phone', 'mobilephone', 'company', 'jobtitle', 'lifecyclestage'],
      ...['hs_lead_status', 'hubspot_owner_id', 'website', 'address', 'city', 'state', 'zip', 'country'],
    ],
    defaults: ['email', 'firstname', 'lastname'],
    unique: 'email',
    make: person,
  },
  {
    name: 'companies',
    singular: 'company',
    scopes: crm('companies'),
    firstId: 9_900_112,
    modified: 'hs_lastmodifieddate',
    writable: ['name', 'domain', 'industry', 'city', 'country', 'phone', 'website', 'hubspot_owner_id'],
    defaults: ['name', 'domain'],
    make: company,
  },
  {
    name: 'deals',
    singular: 'deal',
    scopes: crm('deals'),
    firstId: 7_788_990,
    modified: 'hs_lastmodifieddate',
    writable: [
      ...['dealname', 'amount', 'deal_currency_code', 'dealstage', 'pipeline', 'closedate', 'hubspot_owner_id'],
    ],
    defaults: ['dealname', 'amount', 'dealstage', 'pipeline', 'closedate'],
    make: deal,
  },
  {
    name: 'tickets',
    singular: 'ticket',
    scopes: { read: 'tickets', write: 'tickets' },
    firstId: 550_011,
    modified: 'hs_lastmodifieddate',
    writable: ['subject', 'content', 'hs_pipeline', 'hs_pipeline_stage', 'hs_ticket_priority', 'hubspot_owner_id'],
    defaults: ['subject', 'content', 'hs_pipeline', 'hs_pipeline_stage', 'hs_ticket_priority'],
    make: ticket,
  },
];
