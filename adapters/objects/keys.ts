import { Fault } from '../../ports/errors.ts';

// No empty name, none with a leading dot (`..`, temporary files), no separator of any system, no control character.
const NAME = /^[^./\\\p{Cc}][^/\\\p{Cc}]{0,199}$/u;

export const isName = (name: string): boolean => NAME.test(name);

/** The names that a key consists of; `invalid_request` for one that could lead elsewhere. The same in every store. */
export const namesOf = (key: string): string[] => {
  const names = key.split('/');
  if (!key.isWellFormed() || !names.every(isName)) {
    throw new Fault('invalid_request', 'An object key is names parted by “/”, none empty or beginning with a dot.');
  }
  return names;
};

export const noObject = (key: string): Fault => new Fault('not_found', `There is no object ${key}.`);
