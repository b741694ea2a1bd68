import { person } from './people.ts';

export interface Contact {
  id: number;
  /** Every value is a string, as the vendor gives them; dates are made from the fields below. */
  values: Record<string, string>;
  createdAt: number;
  updatedAt: number;
  archived: boolean;
}

const FIRST_ID = 51_501;

/** The contacts of one account, ids ascending. */
export function createContactStore({ seed, count, now }: { seed: number; count: number; now: () => number }) {
  let rows: Contact[] = [];
  const byEmail = new Map<string, Contact>();

  const insert = (values: Record<string, string>, createdAt: number, updatedAt: number): Contact => {
    const contact = { id: FIRST_ID + rows.length, values, createdAt, updatedAt, archived: false };
    rows.push(contact);
    index(contact);
    return contact;
  };
  const index = (contact: Contact) => {
    const email = contact.values['email'];
    if (email) byEmail.set(email.toLowerCase(), contact);
  };
  const fill = (wanted: number) => {
    rows = [];
    byEmail.clear();
    for (let place = 0; place < wanted; place += 1) {
      const { values, createdAt, updatedAt } = person(seed, place);
      insert(values, createdAt, updatedAt);
    }
  };
  fill(count);

  return {
    /** Starts over with so many generated contacts. */
    fill,
    all: (): Contact[] => rows.filter(({ archived }) => !archived),
    /** The first `limit` rows from the id `from` on, and the id the next page begins with. */
    page(from: number, limit: number, archived: boolean): { rows: Contact[]; next?: number } {
      const found: Contact[] = [];
      for (let place = Math.max(0, from - FIRST_ID); place < rows.length; place += 1) {
        const row = rows[place];
        if (!row || row.archived !== archived) continue;
        if (found.length === limit) return { rows: found, next: row.id };
        found.push(row);
      }
      return { rows: found };
    },
    get: (id: number): Contact | undefined => rows[id - FIRST_ID],
    holder(email: string | undefined): Contact | undefined {
      const found = byEmail.get((email ?? '').toLowerCase());
      return found && !found.archived ? found : undefined;
    },
    create: (values: Record<string, string>): Contact => insert(values, now(), now()),
    update(contact: Contact, values: Record<string, string>): Contact {
      byEmail.delete((contact.values['email'] ?? '').toLowerCase());
      contact.values = { ...contact.values, ...values };
      contact.updatedAt = now();
      index(contact);
      return contact;
    },
    archive(contact: Contact): void {
      contact.archived = true;
      contact.updatedAt = now();
    },
  };
}

export type ContactStore = ReturnType<typeof createContactStore>;
