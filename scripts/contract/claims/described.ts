import { randomUUID } from 'node:crypto';
import type { Claim } from '../claim.ts';
import { expect } from '../claim.ts';
import { hasDescription, openDescription } from '../description.ts';
import { scan } from '../scan.ts';
import { write } from '../write.ts';

export const describedClaims: Claim[] = [
  {
    id: 'description',
    title: 'what is asked and what is answered fits the vendor’s own description',
    per: 'stream',
    applies: ({ given }) =>
      given.description === undefined
        ? 'the vendor describes nothing that a machine reads'
        : hasDescription(given.description)
          ? null
          : `skipped: ${given.description} is not beside this checkout`,
    async check(subject) {
      const { given, connected, stream, of } = subject;
      const judge = await openDescription(given.description ?? '');
      const { rows } = await scan(subject);
      for (const { kind } of stream.writes) {
        await write(subject, kind, randomUUID(), kind === 'create' ? '' : (rows[0]?.externalId ?? ''));
      }
      const wrong = connected.exchanges().flatMap((exchange) => judge(exchange, of.gone));
      expect(wrong.length === 0, [...new Set(wrong)].slice(0, 5).join('; '));
    },
  },
];
