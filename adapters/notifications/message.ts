import type { Note } from '../../ports/notifications.ts';

/** One note as one channel sends it. */
export interface Message extends Pick<Note, 'kind' | 'subject'> {
  /** The same for every attempt at this delivery, so that who receives it twice can tell. */
  id: string;
  /** Where it can be mended, in full. */
  url: string;
}
