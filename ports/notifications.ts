import { z } from 'zod';
import type { ApprovalId, Scope, UserId } from './ids.ts';

export const Notification = z
  .strictObject({
    id: z.uuid(),
    kind: z.string(),
    subject: z.string(),
    link: z.string(),
    readAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Notification' });
export type Notification = z.infer<typeof Notification>;

/** What people are told. `link` is a path of this site where it can be mended. */
export interface Note {
  /** Names the fact: the same key is told once. */
  key: string;
  roles: string[];
  /** People of the scope who are told whatever their role; besides `roles`. */
  users?: UserId[];
  kind: string;
  subject: string;
  link: string;
  /** What is to be decided: letters to people carry a link that opens it once. */
  approvalId?: ApprovalId;
}

export const ChannelKind = z.enum(['email', 'slack', 'webhook']);
export type ChannelKind = z.infer<typeof ChannelKind>;

/**
 * A way to reach people besides the inbox. E-mail goes to the addresses of those whom the note names; Slack and webhooks to
 * a URL, which is a secret and lies in SecretPort with the webhook's signing key.
 */
export const Channel = z
  .strictObject({
    id: z.uuid(),
    kind: ChannelKind,
    title: z.string(),
    enabled: z.boolean(),
    /** The end of the last delivery; null before the first. */
    lastOutcome: z.strictObject({ ok: z.boolean(), message: z.string(), at: z.iso.datetime() }).nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Channel' });
export type Channel = z.infer<typeof Channel>;

export interface NotifierPort {
  /** Into the inboxes of everyone of the scope with one of the roles, and of those who are named. Idempotent by key. */
  notify: (scope: Scope, note: Note) => Promise<void>;
  inbox: (scope: Scope, userId: UserId) => Promise<Notification[]>;
  /** Enabled channels of the scope. */
  channels: (scope: Scope) => Promise<Channel[]>;
  /** One delivery by one channel, once for each key. Faults: `provider_down` (again later), `provider_rejected`, `host_refused`. */
  deliver: (scope: Scope, channelId: string, note: Note) => Promise<void>;
}

export interface ChannelStore {
  list: (scope: Scope) => Promise<Channel[]>;
  /** `conflict` beyond twenty of one scope. */
  add: (scope: Scope, channel: Pick<Channel, 'id' | 'kind' | 'title'>) => Promise<Channel>;
  /** Silent when gone. */
  remove: (scope: Scope, id: string) => Promise<void>;
  /** True for the first claim of this key by this channel; false: it was delivered. */
  claim: (scope: Scope, id: string, key: string) => Promise<boolean>;
  settle: (scope: Scope, id: string, key: string, outcome: { ok: boolean; message: string }) => Promise<void>;
  /** Addresses of those in the scope who have one of the roles or are named. */
  addresses: (scope: Scope, who: Pick<Note, 'roles' | 'users'>) => Promise<string[]>;
}
