import { Context } from '@temporalio/activity';
import type { TokenSet } from '../ports/oauth.ts';
import { isFault } from '../ports/errors.ts';
import type { NewSecretMeta, SecretPort } from '../ports/secrets.ts';

const AGAIN_MS = 1000;

/**
 * Tokens that a vendor gave while the secret store takes nothing. The vendor may take the old ones no more, so these are all
 * there is: they are offered again for as long as the attempt lasts, and after that held by this process for the next one.
 */
export const createUnstored = (secrets: Pick<SecretPort, 'put'>) => {
  const held = new Map<string, { generation: number; tokens: TokenSet }>();

  return {
    /** What this process holds in place of the version `generation`; null: nothing. */
    of: (path: string, generation: number): TokenSet | null => {
      const found = held.get(path);
      return found?.generation === generation ? found.tokens : null;
    },

    /** Stores them as the version after `generation`. */
    store: async (path: string, generation: number, tokens: TokenSet, meta: NewSecretMeta): Promise<number> => {
      for (;;) {
        try {
          const version = await secrets.put(path, generation, tokens.values, meta);
          held.delete(path);
          return version;
        } catch (error) {
          if (!isFault(error, 'unavailable', 'secrets_denied')) {
            held.delete(path);
            throw error;
          }
          held.set(path, { generation, tokens });
          await Context.current().sleep(AGAIN_MS);
        }
      }
    },
  };
};
