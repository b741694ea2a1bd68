/** One sentence for the person at the terminal: what is wrong and how to mend it. Never shown with a stack. */
export class SetupError extends Error {
  override name = 'SetupError';
}

export const say = (line: string): void => console.log(line);

const seconds = (began: number): string => `${((Date.now() - began) / 1000).toFixed(1)} s`;

/** Tells what is being done, that it is still being done, and how long it took. `progress` changes the line in between. */
export const step = async <T>(title: string, work: (progress: (now: string) => void) => Promise<T>): Promise<T> => {
  const began = Date.now();
  let now = title;
  const ticker = setInterval(() => say(`  … ${now} (${seconds(began)})`), 10_000);
  try {
    const result = await work((text) => (now = `${title}: ${text}`));
    say(`✓ ${title} (${seconds(began)})`);
    return result;
  } finally {
    clearInterval(ticker);
  }
};

/** Ends the process with one sentence for what we foresaw, with everything for what we did not. */
export const fail = (error: unknown): void => {
  console.error(error instanceof SetupError ? `✗ ${error.message}` : error);
};
