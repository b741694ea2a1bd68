import type { CredentialField } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { FieldError } from '../../ports/errors.ts';
import type { Manifest, Params } from './manifest.ts';

/** Checks what a person filled in, field by field, without I/O, and splits what is secret from what is not. */
export function checkFields(
  { auth, title }: Manifest,
  given: Record<string, unknown>,
): { secret: Params; settings: Params } {
  if (auth.kind !== 'basic')
    throw new Fault('unsupported', `${title} is connected on its own consent page, not by a form`);
  const secret: Params = {};
  const settings: Params = {};
  const problems: FieldError[] = [];
  for (const field of auth.fields) {
    const checked = checkField(field, given[field.name]);
    if ('problem' in checked) problems.push({ path: field.name, message: checked.problem });
    else (field.secret ? secret : settings)[field.name] = field.tidy?.(checked.value) ?? checked.value;
  }
  const known = new Set(auth.fields.map(({ name }) => name));
  for (const name of Object.keys(given)) {
    if (!known.has(name))
      problems.push({
        path: name.slice(0, 64),
        message: `${title} has no such field; it has: ${[...known].join(', ')}`,
      });
  }
  if (problems.length > 0)
    throw new Fault('invalid_request', `the fields of ${title} do not fit`, { fields: problems });
  return { secret, settings };
}

function checkField({ kind, title }: CredentialField, given: unknown): { value: string } | { problem: string } {
  if (typeof given !== 'string' || given.trim() === '') return { problem: `${title} is missing` };
  const value = given.trim();
  if (value.length > (kind === 'url' ? 2000 : 256)) return { problem: `${title} is too long` };
  if ([...value].some((character) => character < ' ' || character === '\u007f') || !value.isWellFormed()) {
    return { problem: `${title} contains a control character` };
  }
  return kind === 'url' ? checkUrl(value) : { value };
}

function checkUrl(value: string): { value: string } | { problem: string } {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `https://${value}`);
  if (!url || url.hostname === '') return { problem: 'this is not a web address; write it like https://example.com' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem: 'the address must begin with https://' };
  if (url.username !== '' || url.password !== '') return { problem: 'leave user name and password out of the address' };
  return { value: `${url.origin}${url.pathname}`.replace(/\/+$/, '') };
}
