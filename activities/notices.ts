import type { Ports } from '../ports/index.ts';
import type { Scope } from '../ports/ids.ts';
import type { Note } from '../ports/notifications.ts';

/** People are told: inboxes first, then each channel by itself. */
export const createNoticeActivities = ({ notifier, workflows }: Pick<Ports, 'notifier' | 'workflows'>) => ({
  /** From any workflow: it goes on, whoever is told when. */
  tellOfFact: (scope: Scope, note: Note): Promise<void> => workflows.tellPeople(scope, note),
  noteInInboxes: (scope: Scope, note: Note): Promise<void> => notifier.notify(scope, note),
  channelsOf: async (scope: Scope): Promise<string[]> => (await notifier.channels(scope)).map(({ id }) => id),
  deliverNote: (scope: Scope, channelId: string, note: Note): Promise<void> => notifier.deliver(scope, channelId, note),
});
