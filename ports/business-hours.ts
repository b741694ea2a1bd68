import { z } from 'zod';

const isTimeZone = (timeZone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
};

/** Hours in which reminders and escalations count: a deadline over a weekend is not one for people who work on weekdays. */
export const BusinessHours = z
  .strictObject({
    /** IANA name, such as `Europe/Berlin`. */
    timeZone: z.string().max(60),
    /** Full hours, `from` ≤ hour < `to`. */
    from: z.int().min(0).max(23),
    to: z.int().min(1).max(24),
    /** 1 is Monday. */
    days: z.array(z.int().min(1).max(7)).min(1).max(7),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'is an hour after `from`' })
  .refine(({ timeZone }) => isTimeZone(timeZone), {
    path: ['timeZone'],
    message: 'is not the IANA name of a time zone, such as Europe/Berlin',
  })
  .meta({ id: 'BusinessHours' });
export type BusinessHours = z.infer<typeof BusinessHours>;
