import { z } from 'zod';
import { amount, day, moment, native, text, title } from '../../cells.ts';
import { stream } from '../../streams.ts';
import { Row } from '../../../../ports/connectors.ts';
import { CRM, objects, writes } from './records.ts';

const words = z.string().max(65_536);

const PERSON = { firstName: words, lastName: words, phone: words, company: words, jobTitle: words };
const contact = z.strictObject({ ...PERSON, email: z.email(), native }).partial();

export const contacts = stream({
  title: 'Contacts',
  ...objects({
    name: 'contacts',
    modified: 'lastmodifieddate',
    properties: { firstname: text, lastname: text, email: text, phone: text, company: text },
    filters: { email: { param: 'email' } },
  }),
  model: 'contacts',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    firstName: values.firstname,
    lastName: values.lastname,
    email: values.email,
    phone: values.phone,
    company: values.company,
  }),
  writes: writes({
    name: 'contacts',
    names: { firstName: 'firstname', lastName: 'lastname', jobTitle: 'jobtitle' },
    create: contact.required({ email: true }),
    update: contact,
    // No two contacts have one address, and this asks the records themselves, not the index of the search.
    probes: ({ input: { email } }) => [
      {
        call: {
          method: 'POST',
          path: `/crm/objects/${CRM}/contacts/batch/read`,
          body: { idProperty: 'email', inputs: [{ id: email }], properties: ['email'] },
        },
        items: 'results',
      },
    ],
  }),
});

const company = z
  .strictObject({
    name: words.min(1),
    domain: words,
    phone: words,
    industry: words,
    city: words,
    country: words,
    native,
  })
  .partial();

export const companies = stream({
  title: 'Companies',
  ...objects({
    name: 'companies',
    modified: 'hs_lastmodifieddate',
    properties: { name: title, domain: text, industry: text, city: text, country: text, phone: text },
    filters: { domain: { param: 'domain' } },
  }),
  model: 'companies',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    name: values.name,
    website: values.domain && `https://${values.domain}`,
    phone: values.phone,
    industry: values.industry,
    city: values.city,
  }),
  writes: writes({ name: 'companies', names: {}, create: company.required({ name: true }), update: company }),
});

const deal = z
  .strictObject({
    ...{ name: words.min(1), amount: z.string().regex(/^-?\d+(\.\d+)?$/), currency: z.string().length(3) },
    ...{ stage: words, pipeline: words, closesAt: z.iso.datetime({ offset: true }), native },
  })
  .partial();

/** Whom a deal is with HubSpot tells in lists alone, and not in searches: it is left out, so that both say the same. */
export const deals = stream({
  title: 'Deals',
  ...objects({
    name: 'deals',
    modified: 'hs_lastmodifieddate',
    properties: { dealname: title, amount, deal_currency_code: text, dealstage: text, pipeline: text, closedate: day },
    filters: { stage: { param: 'dealstage' } },
  }),
  model: 'deals',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    name: values.dealname,
    amount: values.amount,
    currency: values.deal_currency_code,
    stage: values.dealstage,
    closesAt: values.closedate,
    companyId: null,
    contactId: null,
  }),
  writes: writes({
    name: 'deals',
    names: { name: 'dealname', currency: 'deal_currency_code', stage: 'dealstage', closesAt: 'closedate' },
    create: deal.required({ name: true }),
    update: deal,
  }),
});

const ticket = z
  .strictObject({ ...{ subject: words.min(1), text: words, pipeline: words, stage: words, priority: words }, native })
  .partial();

export const tickets = stream({
  title: 'Tickets',
  ...objects({
    name: 'tickets',
    modified: 'hs_lastmodifieddate',
    properties: {
      subject: title,
      content: title,
      hs_pipeline: text,
      hs_pipeline_stage: text,
      hs_ticket_priority: text,
    },
    filters: { stage: { param: 'hs_pipeline_stage' } },
  }),
  row: Row.extend({
    subject: z.string(),
    text: z.string(),
    pipeline: z.string().nullable(),
    stage: z.string().nullable(),
    priority: z.string().nullable(),
  }),
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    subject: values.subject,
    text: values.content,
    pipeline: values.hs_pipeline,
    stage: values.hs_pipeline_stage,
    priority: values.hs_ticket_priority,
  }),
  writes: writes({
    name: 'tickets',
    names: { text: 'content', pipeline: 'hs_pipeline', stage: 'hs_pipeline_stage', priority: 'hs_ticket_priority' },
    create: ticket.required({ subject: true, stage: true }),
    update: ticket,
  }),
});

/** The account's people, who are made in its settings only. */
export const owners = stream({
  title: 'Owners',
  text: false,
  path: `/crm/owners/${CRM}`,
  query: {},
  filters: {},
  items: 'results',
  paging: {
    kind: 'pages',
    sizeMax: 100,
    call: ({ limit, position }) => ({
      path: `/crm/owners/${CRM}`,
      query: { limit: String(limit), ...(position !== null && { after: position }) },
    }),
    next: { kind: 'cursor', at: 'paging.next.after' },
  },
  id: /^\d{1,20}$/,
  raw: z.object({
    id: z.string().regex(/^\d{1,20}$/),
    email: text,
    firstName: text,
    lastName: text,
    updatedAt: moment,
  }),
  row: Row.extend({
    email: z.string().nullable(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
  }),
  map: ({ id, updatedAt, ...person }) => ({ externalId: id, modifiedAt: updatedAt, ...person }),
});
