import { z } from 'zod';
import { check } from '../check.ts';

const PARAMETERS_MAX = 40;

/**
 * Every parameter that a vendor's redirect brought: they have their own beside `state`, `code` and `error`, and the
 * adapter judges them (`iss`, a signature). None may come twice (RFC 6749, 3.1).
 */
export const Answer = z
  .record(z.string().max(100), z.string('comes twice or is no text').max(4096))
  .refine((all) => Object.keys(all).length <= PARAMETERS_MAX, { message: `has more than ${PARAMETERS_MAX} parameters` })
  .meta({ id: 'OAuthRedirect', description: 'The parameters of the vendor’s redirect, as they came.' });
export type Answer = z.infer<typeof Answer>;

export const answerOf = (given: unknown): Answer => check(Answer, given, 'redirect');
