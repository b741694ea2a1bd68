import { expect, test } from '@jest/globals';
import { marked, unmarked } from './commentary.ts';

test.each(['New coats (in #wool) are in', 'a_b*c~d [e] {f} <g> h@i \\ | j', 'Überall: Mäntel 🧥'])(
  'what a person wrote comes back as it was: %s',
  (text) => {
    expect(unmarked(marked(text))).toBe(text);
  },
);

test('no reserved sign is left that would cut the text short', () => {
  expect(marked('(a)')).toBe('\\(a\\)');
  expect(marked('a\\b')).toBe('a\\\\b');
});

test('of a mention and of a hashtag what a reader sees stays', () => {
  expect(unmarked('Thanks @[Harbor \\(DE\\)](urn:li:organization:40213377) {hashtag|\\#|wool}!')).toBe(
    'Thanks Harbor (DE) #wool!',
  );
});
