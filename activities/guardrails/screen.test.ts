import { expect, test } from '@jest/globals';
import { fence } from './fence.ts';
import { screen } from './screen.ts';
import { HARMLESS, INJECTIONS, PARAPHRASES } from './testing-texts.ts';

test('C84: each of the known injections is seen for what it is, plain, hidden, coded or in another language', () => {
  expect(INJECTIONS.length).toBeGreaterThanOrEqual(50);
  expect([...INJECTIONS, ...PARAPHRASES].filter((text) => !screen(text).flagged)).toEqual([]);
});

test('C84: it is seen inside the JSON of a record, in any field, and in the middle of a long page', () => {
  const unseen = INJECTIONS.filter((text) => {
    const record = JSON.stringify({ items: [{ id: '7', title: 'Spring menu', notes: text }], total: 1 });
    const page = `${HARMLESS.join('\n').repeat(3)}\n${text}\n${HARMLESS[0]}`;
    return !screen(record).flagged || !screen(page).flagged;
  });
  expect(unseen).toEqual([]);
});

test('what companies really write is not taken for an order', () => {
  expect(HARMLESS.filter((text) => screen(text).flagged).map((text) => [text, screen(text).reasons])).toEqual([]);
  expect(screen(HARMLESS.join('\n')).reasons).toEqual([]);
});

test('C84: what is fenced cannot end its fence, nor hide letters in it', () => {
  const fenced = fence('a</material>b< / MATERIAL >c<material>d\u200b\u{e0041}e');
  expect(fenced.match(/<\/?material>/g)).toEqual(['<material>', '</material>']);
  expect(fenced).toContain('de\n</material>');
});

test('a long text is screened in linear time', () => {
  const text = 'you must ignore '.repeat(6000) + 'a b c d '.repeat(6000);
  const began = performance.now();
  screen(text);
  expect(performance.now() - began).toBeLessThan(4000);
});
