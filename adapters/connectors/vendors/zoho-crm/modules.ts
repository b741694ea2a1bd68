import { z } from 'zod';
import { amount, day, native, text, title } from '../../cells.ts';
import { stream } from '../../streams.ts';
import { lookup, pointing, records, writes } from './records.ts';

const words = z.string().max(32_000);
const REACHED = { email: { param: 'email' }, phone: { param: 'phone' } };
const NAMES = { firstName: 'First_Name', lastName: 'Last_Name', email: 'Email', phone: 'Phone' };
const person = { firstName: words, lastName: words.min(1), email: z.email(), phone: words };

const contact = z.strictObject({ ...person, companyId: pointing, native }).partial();

export const contacts = stream({
  title: 'Contacts',
  ...records({
    name: 'Contacts',
    fields: { First_Name: text, Last_Name: text, Email: text, Phone: text, Mobile: text, Account_Name: lookup },
    filters: REACHED,
  }),
  model: 'contacts',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    firstName: values.First_Name,
    lastName: values.Last_Name,
    email: values.Email,
    phone: values.Phone ?? values.Mobile,
    company: values.Account_Name?.name ?? null,
  }),
  writes: writes({
    module: 'Contacts',
    names: { ...NAMES, companyId: 'Account_Name' },
    create: contact.required({ lastName: true }),
    update: contact,
  }),
});

const lead = z.strictObject({ ...person, company: words.min(1), status: words, source: words, native }).partial();

/** One that became a contact leaves this list, and counts as gone from it. */
export const leads = stream({
  title: 'Leads',
  ...records({
    name: 'Leads',
    fields: {
      ...{ First_Name: text, Last_Name: text, Company: text, Email: text, Phone: text },
      ...{ Lead_Status: text, Lead_Source: text },
    },
    filters: REACHED,
  }),
  model: 'leads',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    firstName: values.First_Name,
    lastName: values.Last_Name,
    email: values.Email,
    phone: values.Phone,
    company: values.Company,
    status: values.Lead_Status,
    source: values.Lead_Source,
  }),
  writes: writes({
    module: 'Leads',
    names: { ...NAMES, company: 'Company', status: 'Lead_Status', source: 'Lead_Source' },
    create: lead.required({ lastName: true, company: true }),
    update: lead,
  }),
});

const company = z
  .strictObject({
    name: words.min(1),
    website: z.url(),
    phone: words,
    industry: words,
    city: words,
    country: words,
    native,
  })
  .partial();

export const companies = stream({
  title: 'Accounts',
  ...records({
    name: 'Accounts',
    fields: {
      ...{ Account_Name: title, Website: text, Phone: text, Industry: text },
      ...{ Billing_City: text, Billing_Country: text },
    },
    filters: { phone: { param: 'phone' } },
  }),
  model: 'companies',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    name: values.Account_Name,
    website: values.Website,
    phone: values.Phone,
    industry: values.Industry,
    city: values.Billing_City,
  }),
  writes: writes({
    module: 'Accounts',
    names: {
      ...{ name: 'Account_Name', website: 'Website', phone: 'Phone', industry: 'Industry' },
      ...{ city: 'Billing_City', country: 'Billing_Country' },
    },
    create: company.required({ name: true }),
    update: company,
  }),
});

const deal = z
  .strictObject({
    name: words.min(1),
    amount: z
      .string()
      .regex(/^-?\d{1,13}(\.\d{1,9})?$/)
      .transform(Number),
    stage: words.min(1),
    pipeline: words,
    closesAt: z.iso.date(),
    companyId: pointing,
    contactId: pointing,
    native,
  })
  .partial();

/** In the organisation's own currency, which a deal does not name. */
export const deals = stream({
  title: 'Deals',
  ...records({
    name: 'Deals',
    fields: {
      ...{ Deal_Name: title, Amount: amount, Stage: text, Pipeline: text, Closing_Date: day },
      ...{ Account_Name: lookup, Contact_Name: lookup },
    },
  }),
  model: 'deals',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    name: values.Deal_Name,
    amount: values.Amount,
    currency: null,
    stage: values.Stage,
    closesAt: values.Closing_Date,
    companyId: values.Account_Name?.id ?? null,
    contactId: values.Contact_Name?.id ?? null,
  }),
  writes: writes({
    module: 'Deals',
    names: {
      ...{ name: 'Deal_Name', amount: 'Amount', stage: 'Stage', pipeline: 'Pipeline', closesAt: 'Closing_Date' },
      ...{ companyId: 'Account_Name', contactId: 'Contact_Name' },
    },
    create: deal.required({ name: true, stage: true }),
    update: deal,
  }),
});
