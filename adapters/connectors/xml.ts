import { XMLParser } from 'fast-xml-parser';
import { Fault } from '../../ports/errors.ts';
import { textOf } from '../http/answers.ts';
import type { HttpAnswer } from '../http/client.ts';

/** An XML body as an object: texts stay texts, attributes are left out, and the elements of `lists` are always arrays. */
export function xmlOf(answer: HttpAnswer, who: string, lists: string[]): unknown {
  const found = xmlIfAny(answer, lists);
  if (found !== undefined) return found;
  throw new Fault('provider_garbage', `${who} answered with something that is not XML (status ${answer.status})`);
}

/** Undefined when the body is no XML. */
export function xmlIfAny(answer: HttpAnswer, lists: string[]): unknown {
  const text = textOf(answer);
  // A declaration of entities has no business in an answer: it is how a small body becomes a big one.
  if (text.includes('<!DOCTYPE')) return undefined;
  try {
    return new XMLParser({ parseTagValue: false, isArray: (name) => lists.includes(name) }).parse(text, true);
  } catch {
    return undefined;
  }
}
