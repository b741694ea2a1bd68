import { createHash } from 'node:crypto';
import type { Call, Reply } from '../../http.ts';
import { refused } from './refusals.ts';

/** The first answer to a key is the answer to that key, a refusal too; with other parameters the key is refused. */
export function createIdempotency() {
  const answered = new Map<string, { print: string; reply: Reply }>();
  return (call: Call, work: () => Reply): Reply => {
    const [key] = [call.headers['idempotency-key']].flat();
    if (key === undefined) return work();
    const print = createHash('sha256').update(`${call.path}\n`).update(call.body).digest('hex');
    const known = answered.get(key);
    if (known && known.print !== print) {
      return refused(
        400,
        'Keys for idempotent requests can only be used with the same parameters they were first used with.',
        {
          type: 'idempotency_error',
        },
      );
    }
    if (known) return { ...known.reply, headers: { ...known.reply.headers, 'idempotent-replayed': 'true' } };
    const reply = work();
    answered.set(key, { print, reply });
    return reply;
  };
}
