import { expect, test } from '@jest/globals';
import { majorUnits, minorUnits } from './minor-units.ts';

test.each([
  [2599, 2, '25.99'],
  [5, 2, '0.05'],
  [0, 2, '0.00'],
  [-2599, 2, '-25.99'],
  [2599, 0, '2599'],
  [2599, 3, '2.599'],
  ['900719925474099312', 2, '9007199254740993.12'],
])('%s of the smallest unit with %s digits are %s', (minor, digits, major) => {
  expect(majorUnits(minor, digits)).toBe(major);
});

test('what is no whole number is refused, not rounded', () => {
  expect(() => majorUnits(25.5, 2)).toThrow(RangeError);
  expect(() => majorUnits(1e21, 2)).toThrow(RangeError);
});

test.each([
  ['25.99', 2, 2599],
  ['25.9', 2, 2590],
  ['25', 2, 2500],
  ['25.990', 2, 2599],
  ['25.999', 2, null],
  ['25', 0, 25],
  ['25.5', 0, null],
  ['x', 2, null],
])('%s with %s digits is %s of the smallest unit; more decimals than there are is none', (major, digits, minor) => {
  expect(minorUnits(major, digits)).toBe(minor);
});
