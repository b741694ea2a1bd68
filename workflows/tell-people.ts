import { defineQuery, isCancellation, setHandler } from '@temporalio/workflow';
import type { Scope } from '../ports/ids.ts';
import type { Note } from '../ports/notifications.ts';
import { MESSAGES } from '../ports/operations.ts';
import { deliveries, own } from './lib/activities.ts';
import { asFailure } from './lib/failures.ts';

export interface TellInput {
  scope: Scope;
  note: Note;
  /** Just this channel and no inbox: somebody tries it. */
  only?: string;
}

/** `undelivered`: channels that did not take it within a day. */
export interface Told {
  delivered: string[];
  undelivered: string[];
}

export const progressQuery = defineQuery<Told>(MESSAGES.progress);

/** Tells people one fact: their inboxes first, then every channel by itself, each tried for a day. */
export async function tellPeople({ scope, note, only }: TellInput): Promise<Told> {
  const told: Told = { delivered: [], undelivered: [] };
  setHandler(progressQuery, () => told);
  try {
    if (only === undefined) await own.noteInInboxes(scope, note);
    const channels = only === undefined ? await own.channelsOf(scope) : [only];
    const deliver = async (channelId: string) => {
      try {
        await deliveries.deliverNote(scope, channelId, note);
        told.delivered.push(channelId);
      } catch (error) {
        if (isCancellation(error)) throw error;
        // Why stands with the channel, for whoever looks after it.
        told.undelivered.push(channelId);
      }
    };
    await Promise.all(channels.map(deliver));
    return told;
  } catch (error) {
    throw asFailure(error);
  }
}
