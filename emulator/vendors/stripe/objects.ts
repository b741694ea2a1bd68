import { createCollection, type Kept } from '../../records/collection.ts';
import { complete } from './complete.ts';

type Body = Record<string, unknown>;

/** One kind of object: what it holds, which parameters its list takes, and what may be done to it. */
interface Kind {
  object: string;
  prefix: string;
  make: (place: number) => Body;
  edit: (body: Body) => Body;
  /** Parameters of the list that must equal a field. */
  filters: string[];
  /** Needed to make one. */
  needs?: string[];
  /** What a new one holds besides what was given. */
  fresh?: Body;
  update: boolean;
  /** `gone`: for good; `stub`: asked for again it says that it is deleted; `cancelled`: it stays, in that state. */
  removes?: 'gone' | 'stub' | 'cancelled';
}

const EUR = { currency: 'eur', livemode: false, metadata: {} };
const idOf = (prefix: string, place: number): string => `${prefix}_Emu${String(place).padStart(11, '0')}`;
const cents = (place: number): number => 2599 + place * 100;
const customer = (place: number): string => idOf('cus', place % 3);
/** As when money moves: the named sum grows. */
const grown =
  (field: string) =>
  (body: Body): Body => ({ ...body, [field]: Number(body[field]) + 100 });

export const KINDS: Record<string, Kind> = {
  customers: {
    object: 'customer',
    prefix: 'cus',
    make: (place) => ({
      ...EUR,
      ...{ email: `guest${place}@example.com`, name: `Ana Lima ${place}`, phone: null, balance: 0, delinquent: false },
    }),
    edit: (body) => ({ ...body, name: `${String(body['name'])} (edited)` }),
    filters: ['email'],
    fresh: { name: null, email: null, phone: null, balance: 0, delinquent: false, livemode: false, metadata: {} },
    update: true,
    removes: 'stub',
  },
  payment_intents: {
    object: 'payment_intent',
    prefix: 'pi',
    make: (place) => ({
      ...EUR,
      ...{ amount: cents(place), amount_received: cents(place), customer: customer(place), status: 'succeeded' },
      latest_charge: idOf('ch', place),
    }),
    edit: grown('amount'),
    filters: ['customer'],
    needs: ['amount', 'currency'],
    fresh: { ...EUR, amount_received: 0, customer: null, status: 'requires_payment_method', latest_charge: null },
    update: true,
  },
  charges: {
    object: 'charge',
    prefix: 'ch',
    make: (place) => ({
      ...EUR,
      ...{ amount: cents(place), amount_refunded: 0, paid: true, refunded: false, status: 'succeeded' },
      ...{ customer: customer(place), payment_intent: idOf('pi', place), balance_transaction: idOf('txn', place) },
    }),
    edit: grown('amount_refunded'),
    filters: ['customer', 'payment_intent'],
    update: true,
  },
  refunds: {
    object: 'refund',
    prefix: 're',
    make: (place) => ({
      ...{ amount: 500 + place, currency: 'eur', status: 'succeeded', reason: 'requested_by_customer', metadata: {} },
      ...{ charge: idOf('ch', place), payment_intent: idOf('pi', place), balance_transaction: null },
    }),
    edit: grown('amount'),
    filters: ['charge', 'payment_intent'],
    fresh: { amount: 2599, currency: 'eur', status: 'succeeded', reason: null, charge: null, metadata: {} },
    update: true,
  },
  invoices: {
    object: 'invoice',
    prefix: 'in',
    make: (place) => ({
      ...EUR,
      ...{ number: `A1B2-${String(place).padStart(4, '0')}`, status: place % 3 === 1 ? 'draft' : 'paid' },
      ...{ customer: customer(place), amount_due: cents(place), amount_paid: cents(place), total: cents(place) },
      ...{ due_date: null, hosted_invoice_url: `https://invoice.stripe.com/i/emulated/${place}` },
    }),
    edit: grown('total'),
    filters: ['customer', 'status', 'subscription'],
    needs: ['customer'],
    fresh: { ...EUR, number: null, status: 'draft', amount_due: 0, amount_paid: 0, total: 0, due_date: null },
    update: true,
    removes: 'gone',
  },
  subscriptions: {
    object: 'subscription',
    prefix: 'sub',
    make: (place) => ({
      ...EUR,
      ...{ status: 'active', customer: customer(place), cancel_at_period_end: false },
      items: itemsOf(idOf('si', place), 'price_1', 1_796_592_040 + place),
    }),
    edit: (body) => ({ ...body, cancel_at_period_end: body['cancel_at_period_end'] !== true }),
    filters: ['customer', 'price'],
    needs: ['customer', 'items'],
    fresh: { ...EUR, status: 'active', cancel_at_period_end: false },
    update: true,
    removes: 'cancelled',
  },
};

export const itemsOf = (id: string, price: string, end: number) => ({
  object: 'list',
  has_more: false,
  data: [{ id, object: 'subscription_item', quantity: 1, current_period_end: end, price: priceOf(price) }],
});
const priceOf = (id: string) => ({ id, object: 'price', unit_amount: 2599, currency: 'eur' });

export const createObjects = (now: () => number) =>
  Object.fromEntries(
    Object.entries(KINDS).map(([name, { prefix, make, edit }]) => [
      name,
      createCollection<Body>({ now, count: 12, spell: (place) => idOf(prefix, place), make, edit }),
    ]),
  );

/** As the API shows it. A broken one lacks when it was made. */
export const shown = ({ object }: Kind, { id, body, madeAt, broken }: Kept): Body => {
  const created = Math.floor(madeAt / 1000);
  return { ...{ id, object }, ...complete(object, id, body, created), ...(broken ? {} : { created }) };
};

/** One that was there once: our own spelling, and no longer kept. */
export const wasThere = ({ prefix }: Kind, id: string): boolean => new RegExp(`^${prefix}_Emu\\d{11}$`).test(id);
