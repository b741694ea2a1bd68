const FIRST = ['Ana', 'Iker', 'Lena', 'Tomás', 'Zoë', 'Mehmet', 'Chiara', 'Jonas', 'Aïcha', 'Søren', 'Priya', 'Noah'];
const LAST = ['Prado', 'Sanz', 'Vogel', 'Łukasik', 'Öztürk', 'Ricci', "O'Brien", 'Nakamura', 'Berg', 'Haddad', 'Iyer'];
const COMPANIES = ['Ferro SL', 'Café Mondschein', 'Harbour & Sons', 'Nordlicht GmbH', 'Velo Verde', 'Atelier Mira'];
const TITLES = ['Buyer', 'Owner', 'Head of Marketing', 'Office Manager', 'Chef', 'Event Planner'];
const CITIES = ['Bilbao', 'Porto', 'Lyon', 'Graz'];
const STAGES = ['subscriber', 'lead', 'marketingqualifiedlead', 'opportunity', 'customer'];

/** Fixed, so that a restart does not make old records look edited. */
const FIRST_CREATED = Date.parse('2025-06-02T07:15:00.000Z');

/** Imports give runs of rows one modified time; a cursor that is only a time loses or repeats rows at a page's edge. */
export const times = (place: number): { madeAt: number; changedAt: number } => ({
  madeAt: FIRST_CREATED + place * 250,
  changedAt: FIRST_CREATED + 86_400_000 + Math.floor(place / 3) * 1000,
});

/** What a record of each kind holds, invented, and the same for the same seed and place in the list. */
export type Make = (seed: number, place: number) => Record<string, string>;

export const person: Make = (seed, place) => {
  const { random, pick } = drawn(seed, place);
  const first = pick(FIRST);
  const last = pick(LAST);
  return {
    firstname: first,
    lastname: last,
    email: `${plain(first)}.${plain(last)}.${place}@example.com`,
    company: pick(COMPANIES),
    jobtitle: pick(TITLES),
    lifecyclestage: pick(STAGES),
    ...(random() < 0.8 && { phone: `+34911${String(100_000 + Math.floor(random() * 900_000))}` }),
  };
};

export const company: Make = (seed, place) => {
  const { pick } = drawn(seed, place);
  const name = `${pick(COMPANIES)} ${place}`;
  return {
    name,
    domain: `${plain(name)}${place}.example`,
    industry: pick(['MACHINERY', 'RESTAURANTS']),
    city: pick(CITIES),
    country: 'Spain',
  };
};

export const deal: Make = (seed, place) => {
  const { random, pick } = drawn(seed, place);
  return {
    dealname: `${pick(['Spring order', 'Refit', 'Renewal'])} ${place}`,
    // Every value is text here, an amount too, and people leave it open.
    ...(random() < 0.9 && { amount: `${100 + Math.floor(random() * 20_000)}.00` }),
    dealstage: pick(['appointmentscheduled', 'contractsent', 'closedwon']),
    pipeline: 'default',
    closedate: '2026-06-30T00:00:00Z',
  };
};

export const ticket: Make = (seed, place) => {
  const { pick } = drawn(seed, place);
  return {
    subject: `${pick(['Late delivery', 'Wrong invoice', 'A question'])} ${place}`,
    content: 'Box 3 missing',
    hs_pipeline: '0',
    hs_pipeline_stage: pick(['1', '2', '4']),
    hs_ticket_priority: pick(['LOW', 'HIGH']),
  };
};

function drawn(seed: number, place: number) {
  const random = mulberry32(seed * 1_000_003 + place);
  return { random, pick: (words: string[]) => words[Math.floor(random() * words.length)] ?? '' };
}

const plain = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/[^a-zA-Z]/g, '')
    .toLowerCase() || 'x';

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
