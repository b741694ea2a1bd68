import { z } from 'zod';
import { amount, day, native, reference, text, title } from '../../cells.ts';
import { stream } from '../../streams.ts';
import { records, writes } from './records.ts';

/** Salesforce trims what it keeps, and so do we, or we would not find it again. */
const words = z.string().trim().min(1).max(255);
const id = z.string().regex(/^[A-Za-z0-9]{15,18}$/);
const PERSON = { firstName: 'FirstName', lastName: 'LastName', email: 'Email', phone: 'Phone' };
const person = { firstName: words, lastName: words, email: z.email(), phone: words };
const email = { email: { param: 'Email' } };

const contact = z.strictObject({ ...person, companyId: id, native }).partial();

export const contacts = stream({
  title: 'Contacts',
  ...records({
    type: 'Contact',
    fields: { FirstName: text, LastName: text, Email: text, Phone: text, AccountId: reference },
    words: ['FirstName', 'LastName', 'Email'],
    filters: { ...email, companyId: { param: 'AccountId' } },
  }),
  model: 'contacts',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    firstName: values.FirstName,
    lastName: values.LastName,
    email: values.Email,
    phone: values.Phone,
    // Its name is another record's, which may change without this one.
    company: null,
    companyId: values.AccountId,
  }),
  writes: writes({
    type: 'Contact',
    names: { ...PERSON, companyId: 'AccountId' },
    create: contact.required({ lastName: true }),
    update: contact,
  }),
});

const lead = z.strictObject({ ...person, company: words, status: words, source: words, native }).partial();

export const leads = stream({
  title: 'Leads',
  ...records({
    type: 'Lead',
    fields: {
      ...{ FirstName: text, LastName: text, Company: text, Email: text, Phone: text },
      ...{ Status: text, LeadSource: text },
    },
    words: ['FirstName', 'LastName', 'Company', 'Email'],
    filters: { ...email, status: { param: 'Status' } },
  }),
  model: 'leads',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    firstName: values.FirstName,
    lastName: values.LastName,
    email: values.Email,
    phone: values.Phone,
    company: values.Company,
    status: values.Status,
    source: values.LeadSource,
  }),
  writes: writes({
    type: 'Lead',
    names: { ...PERSON, company: 'Company', status: 'Status', source: 'LeadSource' },
    create: lead.required({ lastName: true, company: true }),
    update: lead,
  }),
});

const company = z
  .strictObject({ name: words, website: z.url(), phone: words, industry: words, city: words, country: words, native })
  .partial();

export const companies = stream({
  title: 'Accounts',
  ...records({
    type: 'Account',
    fields: {
      ...{ Name: title, Website: text, Phone: text, Industry: text },
      ...{ BillingCity: text, BillingCountry: text },
    },
    words: ['Name'],
    filters: { industry: { param: 'Industry' }, city: { param: 'BillingCity' } },
  }),
  model: 'companies',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    name: values.Name,
    website: values.Website,
    phone: values.Phone,
    industry: values.Industry,
    city: values.BillingCity,
  }),
  writes: writes({
    type: 'Account',
    names: {
      ...{ name: 'Name', website: 'Website', phone: 'Phone', industry: 'Industry' },
      ...{ city: 'BillingCity', country: 'BillingCountry' },
    },
    create: company.required({ name: true }),
    update: company,
  }),
});

const deal = z
  .strictObject({
    name: words,
    amount: z
      .string()
      .regex(/^-?\d{1,13}(\.\d{1,2})?$/)
      .transform(Number),
    stage: words,
    closesAt: z.iso.date(),
    companyId: id,
    native,
  })
  .partial();

/** In the org's own currency, which only orgs with several name; contacts are linked by roles, which are no field of it. */
export const deals = stream({
  title: 'Opportunities',
  ...records({
    type: 'Opportunity',
    fields: { Name: title, Amount: amount, StageName: text, CloseDate: day, AccountId: reference },
    words: ['Name'],
    filters: { stage: { param: 'StageName' }, companyId: { param: 'AccountId' } },
  }),
  model: 'deals',
  map: ({ externalId, modifiedAt, values }) => ({
    externalId,
    modifiedAt,
    name: values.Name,
    amount: values.Amount,
    currency: null,
    stage: values.StageName,
    closesAt: values.CloseDate,
    companyId: values.AccountId,
    contactId: null,
  }),
  writes: writes({
    type: 'Opportunity',
    names: { name: 'Name', amount: 'Amount', stage: 'StageName', closesAt: 'CloseDate', companyId: 'AccountId' },
    create: deal.required({ name: true, stage: true, closesAt: true }),
    update: deal,
  }),
});
