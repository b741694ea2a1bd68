/** What a field holds, and so how it is compared and what a query may ask of it. */
type FieldType = 'id' | 'text' | 'number' | 'boolean' | 'time' | 'date';

/** One sObject; they all behave alike, and these are the differences. */
export interface SObject {
  type: string;
  collection: string;
  /** The three characters that every id of it begins with. */
  prefix: string;
  fields: Record<string, FieldType>;
  required: string[];
  make: (place: number) => Record<string, unknown>;
}

const EVERY = { Id: 'id', OwnerId: 'id', CreatedDate: 'time', SystemModstamp: 'time', IsDeleted: 'boolean' } as const;
const PERSON = { FirstName: 'text', LastName: 'text', Email: 'text', Phone: 'text' } as const;
const LAST = ['Marin', 'Olmo', "O'Brien", 'Öztürk'];
const COMPANIES = ['Ferro SL', 'Olmo Hnos', 'Harbour & Sons'];
const one = (words: string[], place: number): string => words[place % words.length] ?? '';
const OWNER = '005xx000001SvABAA0';
const ACCOUNT = '001xx0000000000AAA';

export const OBJECTS: SObject[] = [
  {
    type: 'Contact',
    collection: 'contacts',
    prefix: '003',
    fields: { ...EVERY, ...PERSON, AccountId: 'id', Description: 'text' },
    required: ['LastName'],
    make: (place) => ({
      FirstName: place % 4 === 3 ? null : 'Lucia',
      LastName: one(LAST, place),
      Email: `contact${place}@example.com`,
      Phone: place % 3 === 2 ? null : `+34955${111_222 + place}`,
      AccountId: place % 2 === 0 ? ACCOUNT : null,
      OwnerId: OWNER,
    }),
  },
  {
    type: 'Account',
    collection: 'accounts',
    prefix: '001',
    fields: {
      ...EVERY,
      ...{ Name: 'text', Website: 'text', Phone: 'text', Industry: 'text' },
      ...{ BillingCity: 'text', BillingCountry: 'text' },
    },
    required: ['Name'],
    make: (place) => ({
      Name: `${one(COMPANIES, place)} ${place}`,
      Website: 'https://ferro.example',
      Phone: null,
      Industry: 'Manufacturing',
      BillingCity: 'Bilbao',
      BillingCountry: 'Spain',
      OwnerId: OWNER,
    }),
  },
  {
    type: 'Lead',
    collection: 'leads',
    prefix: '00Q',
    fields: { ...EVERY, ...PERSON, Company: 'text', Status: 'text', LeadSource: 'text', IsConverted: 'boolean' },
    required: ['LastName', 'Company'],
    make: (place) => ({
      FirstName: null,
      LastName: one(LAST, place),
      Company: one(COMPANIES, place),
      Email: `lead${place}@example.com`,
      Phone: null,
      Status: 'Working - Contacted',
      LeadSource: null,
      IsConverted: false,
      OwnerId: OWNER,
    }),
  },
  {
    type: 'Opportunity',
    collection: 'opportunities',
    prefix: '006',
    fields: {
      ...EVERY,
      ...{ Name: 'text', Amount: 'number', StageName: 'text', CloseDate: 'date', AccountId: 'id' },
      ...{ IsClosed: 'boolean', IsWon: 'boolean' },
    },
    required: ['Name', 'StageName', 'CloseDate'],
    make: (place) => ({
      Name: `Spring order ${place}`,
      Amount: place % 5 === 4 ? null : 12_500 + place / 2,
      StageName: 'Negotiation/Review',
      CloseDate: '2026-06-30',
      AccountId: ACCOUNT,
      IsClosed: false,
      IsWon: false,
      OwnerId: OWNER,
    }),
  },
];
