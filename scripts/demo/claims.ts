/** One statement of the demo, checked as it happens. */
export interface Claim {
  claim: string;
  ok: boolean;
  seen: unknown;
  atMs: number;
}

export const createClaims = (say: (line: string) => void) => {
  const began = Date.now();
  const claims: Claim[] = [];
  const at = () => `${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s`;
  return {
    claims,
    tell: (line: string) => say(`${at()}  ${line}`),
    /** Records the claim; a false one does not stop the demo, it fails it. */
    hold: (claim: string, ok: boolean, seen: unknown = null): void => {
      claims.push({ claim, ok, seen, atMs: Date.now() - began });
      say(`${at()}  ${ok ? '✓' : '✗'} ${claim}${ok ? '' : ` — seen: ${JSON.stringify(seen)}`}`);
    },
    tookMs: () => Date.now() - began,
  };
};
export type Claims = ReturnType<typeof createClaims>;
