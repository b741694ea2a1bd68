import { Fault } from '../../ports/errors.ts';
import { at } from './paths.ts';

/** The list at a path of an answer. No list there means an empty one only where what lies at `inside` shows that this is such an answer. */
export function listAt(json: unknown, path: string, inside?: string): unknown[] {
  const found = at(json, path);
  if (Array.isArray(found)) return found as unknown[];
  const isEmpty = inside !== undefined && at(json, inside) !== undefined && (found ?? '') === '';
  if (isEmpty) return [];
  throw new Fault('provider_garbage', `the answer has no list at ${path}`);
}
