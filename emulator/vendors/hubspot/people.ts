/** Invented contacts, the same for the same seed and place in the list. */
const FIRST = ['Ana', 'Iker', 'Lena', 'Tomás', 'Zoë', 'Mehmet', 'Chiara', 'Jonas', 'Aïcha', 'Søren', 'Priya', 'Noah'];
const LAST = ['Prado', 'Sanz', 'Vogel', 'Łukasik', 'Öztürk', 'Ricci', "O'Brien", 'Nakamura', 'Berg', 'Haddad', 'Iyer'];
const COMPANIES = ['Ferro SL', 'Café Mondschein', 'Harbour & Sons', 'Nordlicht GmbH', 'Velo Verde', 'Atelier Mira'];
const TITLES = ['Buyer', 'Owner', 'Head of Marketing', 'Office Manager', 'Chef', 'Event Planner'];
const STAGES = ['subscriber', 'lead', 'marketingqualifiedlead', 'opportunity', 'customer'];

/** Fixed, so that a restart does not make old contacts look edited. */
const FIRST_CREATED = Date.parse('2025-06-02T07:15:00.000Z');

export interface Person {
  values: Record<string, string>;
  createdAt: number;
  updatedAt: number;
}

export function person(seed: number, index: number): Person {
  const random = mulberry32(seed * 1_000_003 + index);
  const pick = (words: string[]) => words[Math.floor(random() * words.length)] ?? '';
  const first = pick(FIRST);
  const last = pick(LAST);
  // Imports give runs of rows one modified time; a cursor that is only a time loses or repeats rows at a page's edge.
  const updatedAt = FIRST_CREATED + 86_400_000 + Math.floor(index / 3) * 1000;
  const values: Record<string, string> = {
    firstname: first,
    lastname: last,
    email: `${plain(first)}.${plain(last)}.${index}@example.com`,
    company: pick(COMPANIES),
    jobtitle: pick(TITLES),
    lifecyclestage: pick(STAGES),
  };
  if (random() < 0.8) values['phone'] = `+34911${String(100_000 + Math.floor(random() * 900_000))}`;
  return { values, createdAt: FIRST_CREATED + index * 250, updatedAt };
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
