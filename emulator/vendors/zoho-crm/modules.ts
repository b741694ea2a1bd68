/** One module of the CRM; they all behave alike, and these are the differences. */
export interface Module {
  /** As its paths name it. */
  path: string;
  collection: string;
  firstId: number;
  mandatory: string[];
  /** This organisation has marked it as unique. */
  unique?: string;
  /** What a search for a phone number looks at. */
  phones: string[];
  make: (place: number) => Record<string, unknown>;
}

const FIRST = ['Lucia', 'Jon', 'Zoë', 'Mehmet', 'Aïcha'];
const LAST = ['Marin', 'Olmo', 'Öztürk', "O'Brien", 'Łukasik'];
const COMPANIES = ['Ferro SL', 'Olmo Hnos', 'Café Mondschein'];
const one = (words: string[], place: number): string => words[place % words.length] ?? '';

export const MODULES: Module[] = [
  {
    path: 'Contacts',
    collection: 'contacts',
    firstId: 524_157,
    mandatory: ['Last_Name'],
    unique: 'Email',
    phones: ['Phone', 'Mobile'],
    make: (place) => ({
      // Of a person only the last name is sure to be known.
      First_Name: place % 4 === 3 ? null : one(FIRST, place),
      Last_Name: one(LAST, place),
      Email: `contact${place}@example.com`,
      Phone: place % 3 === 2 ? null : `+34955${111_222 + place}`,
      Mobile: null,
      Account_Name: place % 2 === 0 ? { name: one(COMPANIES, place), id: '5725767000000524001' } : null,
    }),
  },
  {
    path: 'Leads',
    collection: 'leads',
    firstId: 600_002,
    mandatory: ['Last_Name', 'Company'],
    phones: ['Phone', 'Mobile'],
    make: (place) => ({
      First_Name: null,
      Last_Name: one(LAST, place),
      Company: one(COMPANIES, place),
      Email: `lead${place}@example.com`,
      Phone: null,
      Lead_Status: 'Contacted',
      Lead_Source: 'Web Download',
    }),
  },
  {
    path: 'Accounts',
    collection: 'accounts',
    firstId: 524_001,
    mandatory: ['Account_Name'],
    phones: ['Phone'],
    make: (place) => ({
      Account_Name: `${one(COMPANIES, place)} ${place}`,
      Website: 'https://ferro.example',
      Phone: null,
      Industry: 'Manufacturing',
      Billing_City: 'Bilbao',
      Billing_Country: 'Spain',
    }),
  },
  {
    path: 'Deals',
    collection: 'deals',
    firstId: 701_001,
    mandatory: ['Deal_Name', 'Stage'],
    phones: [],
    make: (place) => ({
      Deal_Name: `Spring order ${place}`,
      Amount: place % 5 === 4 ? null : 12_500 + place / 2,
      Stage: 'Negotiation/Review',
      Pipeline: 'Standard',
      Closing_Date: '2026-06-30',
      Account_Name: { name: 'Ferro SL', id: '5725767000000524001' },
      Contact_Name: null,
    }),
  },
];
