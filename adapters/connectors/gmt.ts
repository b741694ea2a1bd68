/** WordPress and what is built on it write times in GMT without saying so; one that was never set is made of zeros. */
export const fromGmt = (gmt: string | null | undefined): string | null => {
  const ms = Date.parse(`${gmt ?? ''}Z`);
  return Number.isNaN(ms) || ms < 0 ? null : new Date(ms).toISOString();
};
