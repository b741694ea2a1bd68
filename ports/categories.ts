import { z } from 'zod';
import { Row } from './connectors.ts';
import type { ConnectorCategory, StreamInfo } from './connector-info.ts';
import type { ReadQuery, UnreadableItem } from './connectors.ts';
import type { ConnectionId, TenantId } from './ids.ts';
import type { Question } from './questions.ts';

const text = z.string().nullable();
/** A decimal number in major units, as text: `49.80`. */
const Amount = z.string().regex(/^-?\d+(\.\d+)?$/);
const amount = Amount.nullable();
/** ISO 8601. */
const time = z.string().nullable();
const count = z.number().nullable();

const named = { name: z.string() };
const reached = { email: text, phone: text };
const person = { firstName: text, lastName: text, ...reached };
const content = { title: z.string(), text: z.string(), link: text, status: z.string(), slug: z.string() };
const money = { amount, currency: text };

/**
 * What each resource looks like, whichever system it comes from. `null` is the system's word that it does not know.
 * Ids of other records (`…Id`) are that system's own.
 */
export const MODELS = {
  contacts: Row.extend({ ...person, company: text }),
  leads: Row.extend({ ...person, company: text, status: text, source: text }),
  deals: Row.extend({ ...named, ...money, stage: text, closesAt: time, companyId: text, contactId: text }),
  companies: Row.extend({ ...named, website: text, phone: text, industry: text, city: text }),
  pages: Row.extend(content),
  posts: Row.extend(content),
  media: Row.extend(content),
  products: Row.extend({
    title: z.string(),
    ...money,
    sku: text,
    status: text,
    vendor: text,
    stock: count,
    link: text,
  }),
  orders: Row.extend({
    number: z.string(),
    status: text,
    paid: z.boolean().nullable(),
    total: amount,
    currency: text,
    customerId: text,
    placedAt: time,
    items: z.array(z.strictObject({ title: z.string(), sku: text, quantity: z.number() })),
  }),
  customers: Row.extend({ name: text, ...reached, orders: count, spent: amount, currency: text }),
  properties: Row.extend(named),
  reports: Row.extend({
    date: text,
    dimensions: z.record(z.string(), z.string()),
    metrics: z.record(z.string(), z.number()),
  }),
  boards: Row.extend({ ...named, link: text, closed: z.boolean() }),
  lists: Row.extend({ ...named, boardId: text, closed: z.boolean() }),
  cards: Row.extend({
    title: z.string(),
    text: z.string(),
    listId: text,
    boardId: text,
    dueAt: time,
    done: z.boolean(),
    link: text,
  }),
  audiences: Row.extend({ ...named, members: count }),
  subscribers: Row.extend({ email: z.string(), firstName: text, lastName: text, status: text }),
  mailings: Row.extend({ ...named, subject: text, status: text, sentAt: time }),
  accounts: Row.extend({ ...named, currency: text, status: text }),
  campaigns: Row.extend({ ...named, status: text, objective: text, budget: amount, startsAt: time, endsAt: time }),
  insights: Row.extend({
    date: text,
    campaignId: text,
    impressions: count,
    clicks: count,
    spend: amount,
    currency: text,
  }),
  profiles: Row.extend({ ...named, link: text, followers: count }),
  social_posts: Row.extend({ text: z.string(), status: text, publishedAt: time, link: text }),
  payers: Row.extend({ name: text, ...reached }),
  payments: Row.extend({ ...money, status: text, payerId: text, createdAt: time }),
  refunds: Row.extend({ ...money, status: text, paymentId: text, reason: text, createdAt: time }),
  subscriptions: Row.extend({ status: text, payerId: text, renewsAt: time, cancelsAtEnd: z.boolean().nullable() }),
  invoices: Row.extend({ number: text, ...money, status: text, payerId: text, dueAt: time, link: text }),
  channels: Row.extend({ ...named, private: z.boolean(), members: count }),
  messages: Row.extend({ text: z.string(), channelId: text, authorId: text, sentAt: time }),
  containers: Row.extend({ ...named, createdAt: time }),
  objects: Row.extend({ ...named, containerId: text, bytes: count, contentType: text }),
} as const satisfies Record<string, z.ZodType<Row>>;

export type Resource = keyof typeof MODELS;
export type Unified<R extends Resource> = z.output<(typeof MODELS)[R]>;

/** Which resources systems of a category have in common. */
export const CATEGORY_RESOURCES = {
  crm: ['contacts', 'leads', 'deals', 'companies'],
  cms: ['pages', 'posts', 'media'],
  ecommerce: ['products', 'orders', 'customers'],
  analytics: ['properties', 'reports'],
  tasks: ['boards', 'lists', 'cards'],
  email: ['audiences', 'subscribers', 'mailings'],
  ads: ['accounts', 'campaigns', 'insights'],
  social: ['profiles', 'social_posts'],
  payments: ['payers', 'payments', 'refunds', 'subscriptions', 'invoices'],
  communication: ['channels', 'messages'],
  storage: ['containers', 'objects'],
  llm: [],
} as const satisfies Record<ConnectorCategory, Resource[]>;

/**
 * Which connection of the tenant is asked: this one, whatever its category; or, when none is named, the oldest of the category
 * that has the resource. One that is out of order is not passed over: another system would answer with other records.
 */
export interface Of {
  tenantId: TenantId;
  connectionId?: ConnectionId | undefined;
}

/** The names in `filter` are the system's own. */
export type CategoryQuery = Omit<Question, 'fields'>;

export interface CategoryPage<Item> {
  items: Item[];
  /** Items that do not fit the system's documented shape. */
  unreadable: UnreadableItem[];
  nextCursor: string | null;
  total: number | null;
  /** Who answered. */
  connectionId: ConnectionId;
  connectorId: string;
}

/** The connection of the tenant that has a resource, its system's name for people, and the system's own list of it. */
export interface Place {
  connectionId: ConnectionId;
  connectorId: string;
  title: string;
  stream: StreamInfo;
}

/**
 * One question to any system of a category. Rows are unified; with `native` in the query each carries the system's own item as
 * well. `unsupported` (422) names what the system lacks and has; `not_connected` when the tenant has no such system.
 */
export interface CategoryPort<R extends Resource> {
  /** Which connection answers for a resource, and by which of its lists: asks nobody outside. */
  place: (of: Of, resource: R) => Promise<Place>;
  list: <One extends R>(of: Of, resource: One, query: CategoryQuery) => Promise<CategoryPage<Unified<One>>>;
  read: <One extends R>(
    of: Of,
    resource: One,
    externalId: string,
    query?: Pick<ReadQuery, 'native' | 'lane'>,
  ) => Promise<Unified<One>>;
}
type Common<C extends keyof typeof CATEGORY_RESOURCES> = CategoryPort<(typeof CATEGORY_RESOURCES)[C][number]>;

export type CrmPort = Common<'crm'>;
export type CmsPort = Common<'cms'>;
export type EcommercePort = Common<'ecommerce'>;
export type AnalyticsPort = Common<'analytics'>;
export type TaskPort = Common<'tasks'>;
export type EmailPort = Common<'email'>;
export type AdsPort = Common<'ads'>;
export type SocialPort = Common<'social'>;
export type PaymentsPort = Common<'payments'>;
export type MessagingPort = Common<'communication'>;
export type StoragePort = Common<'storage'>;

/** Systems by category; models have a port of their own. */
export interface CategoryPorts {
  crm: CrmPort;
  cms: CmsPort;
  ecommerce: EcommercePort;
  analytics: AnalyticsPort;
  tasks: TaskPort;
  email: EmailPort;
  ads: AdsPort;
  social: SocialPort;
  payments: PaymentsPort;
  communication: MessagingPort;
  storage: StoragePort;
}
