/** A vendor's whole number of the smallest unit as decimal text in major units: 2599 with two digits is `25.99`. */
export function majorUnits(minor: number | string, digits: number): string {
  const text = String(minor);
  if (!/^-?\d{1,18}$/.test(text)) throw new RangeError('this is no whole number of the smallest unit');
  const [sign, whole] = text.startsWith('-') ? ['-', text.slice(1)] : ['', text];
  if (digits === 0) return sign + whole;
  const padded = whole.padStart(digits + 1, '0');
  return `${sign}${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

/** The way back; null when the amount has more decimals than the currency, so that nothing is rounded in silence. */
export function minorUnits(major: string, digits: number): number | null {
  const [, sign = '', whole = '', decimals = ''] = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(major) ?? [];
  const kept = decimals.replace(/0+$/, '');
  return whole === '' || kept.length > digits ? null : Number(sign + whole + kept.padEnd(digits, '0'));
}
