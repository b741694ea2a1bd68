import { z } from 'zod';
import { majorUnits, minorUnits } from '../../minor-units.ts';

// As Stripe counts, which is not ISO everywhere: ISK and UGX have no decimals any more and are still sent with two.
const NONE = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
const THREE = new Set('BHD JOD KWD OMR TND'.split(' '));

const digitsOf = (currency: string): number => {
  const code = currency.toUpperCase();
  return NONE.has(code) ? 0 : THREE.has(code) ? 3 : 2;
};

/** `2599`, `eur` → `25.99`, `EUR`. */
export const money = (amount: number, currency: string) => ({
  amount: majorUnits(amount, digitsOf(currency)),
  currency: currency.toUpperCase(),
});

/** What a write is given, in major units: `{ amount: '25.99', currency: 'EUR' }`. */
export const amount = z.string().regex(/^\d{1,12}(\.\d{1,3})?$/);
export const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/)
  .toLowerCase();

export const hasFitting = ({
  amount: sum,
  currency: of,
}: {
  amount?: string | undefined;
  currency?: string | undefined;
}) => sum === undefined || (of !== undefined && minorUnits(sum, digitsOf(of)) !== null);

export const smallest = (sum: string, of: string): number => minorUnits(sum, digitsOf(of)) ?? Number.NaN;
