import type { CredentialField } from '../../ports/connector-info.ts';
import { Fault } from '../../ports/errors.ts';
import type { FieldError } from '../../ports/errors.ts';
import type { DeclaredMethod, Params } from './auth-methods.ts';
import type { Manifest } from './manifest.ts';

const LENGTH_MAX: Record<CredentialField['kind'], number> = {
  url: 2000,
  host: 253,
  text: 4096,
  multiline: 16_384,
  choice: 100,
};

/** Checks what a person filled in, field by field, without I/O, and splits what is secret from what is not. */
export function checkFields(
  { title, hosts = {} }: Manifest,
  { fields }: DeclaredMethod,
  given: Record<string, unknown>,
): { secret: Params; settings: Params } {
  const secret: Params = {};
  const settings: Params = {};
  const problems: FieldError[] = [];
  for (const field of fields) {
    const checked = checkField(field, given[field.name]);
    const value = 'problem' in checked ? '' : (field.tidy?.(checked.value) ?? checked.value);
    const implied = 'problem' in checked ? checked : (field.implies?.(value) ?? {});
    const misfit = hosts[field.name]?.test(value) === false ? field.help : undefined;
    const problem = implied.problem ?? misfit;
    if (problem !== undefined) {
      problems.push({ path: field.name, message: problem });
      continue;
    }
    if (field.kept !== false) (field.secret ? secret : settings)[field.name] = value;
    if ('settings' in implied) Object.assign(settings, implied.settings);
    if ('secret' in implied) Object.assign(secret, implied.secret);
  }
  const known = new Set(fields.map(({ name }) => name));
  for (const name of Object.keys(given)) {
    if (known.has(name)) continue;
    const message = `${title} has no such field here; it has: ${[...known].join(', ') || 'none'}`;
    problems.push({ path: name.slice(0, 64), message });
  }
  if (problems.length > 0)
    throw new Fault('invalid_request', `the fields of ${title} do not fit`, { fields: problems });
  return { secret, settings };
}

type Checked = { value: string } | { problem: string };

function checkField({ kind, title, fallback, options }: CredentialField, given: unknown): Checked {
  const filledIn = typeof given === 'string' ? given.trim() : '';
  const value = filledIn === '' && (given === undefined || given === '') ? (fallback ?? '') : filledIn;
  if (value === '') return { problem: `${title} is missing` };
  if (value.length > LENGTH_MAX[kind]) return { problem: `${title} is too long` };
  if (!value.isWellFormed() || [...value].some((character) => isControl(character, kind === 'multiline'))) {
    return { problem: `${title} contains a control character` };
  }
  switch (kind) {
    case 'url':
      return checkUrl(value);
    case 'host':
      return checkHost(value);
    case 'choice':
      return options?.includes(value) ? { value } : { problem: `choose one of: ${options?.join(', ') ?? ''}` };
    case 'text':
    case 'multiline':
      return { value };
  }
}

const isControl = (character: string, lines: boolean): boolean =>
  (character < ' ' && !(lines && /[\n\r\t]/.test(character))) || character === '\u007f';

function checkUrl(value: string): Checked {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `https://${value}`);
  if (!url || url.hostname === '') return { problem: 'this is not a web address; write it like https://example.com' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem: 'the address must begin with https://' };
  if (url.username !== '' || url.password !== '') return { problem: 'leave user name and password out of the address' };
  return { value: `${url.origin}${url.pathname}`.replace(/\/+$/, '') };
}

/** A host alone. People paste the whole address of a page there. */
function checkHost(value: string): Checked {
  const bare = value
    .replace(/^https?:\/\//i, '')
    .replace(/\/.*$/s, '')
    .toLowerCase();
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(bare)
    ? { value: bare }
    : { problem: 'this is not the name of a host; write it like shop.example.com' };
}
