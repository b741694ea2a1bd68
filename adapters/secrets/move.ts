import { Fault, isFault } from '../../ports/errors.ts';
import type { MoveCounts, SecretInfo, SecretMovePort } from '../../ports/secrets.ts';
import { isMoved, realVersions } from './marker.ts';
import { createPathMove } from './move-path.ts';
import type { SecretStore } from './store.ts';

const TRIES_MAX = 3;

/** Moves every path of the old store, and in the end empties it. Any call may be cut short and made again, by several at once. */
export const createMove = (source: SecretStore, target: SecretStore): SecretMovePort => {
  const paths = createPathMove(source, target);

  const pageAfter = async (after: string | null, limit: number) => {
    const rest = (await source.list('')).filter((path) => after === null || path > after);
    const page = rest.slice(0, limit);
    return { page, next: rest.length > limit ? (page.at(-1) ?? null) : null };
  };
  /** A store may fail for a moment, and be well when it is asked about it. */
  const movedIn = async (path: string): Promise<'moved' | 'already' | 'gone' | { refused: string }> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await paths.move(path);
      } catch (error) {
        const refused = await whyRefused(error);
        if (tries === TRIES_MAX || !isFault(error, 'unavailable')) return { refused };
      }
    }
  };
  /** A fault of this one path, both stores being well: why a person must look at it. Everything else is thrown. */
  const whyRefused = async (error: unknown): Promise<string> => {
    if (isFault(error, 'conflict', 'invalid_request', 'secrets_denied')) return error.message;
    if (!isFault(error, 'unavailable')) throw error;
    await Promise.all([source.health(), target.health()]);
    return error.message;
  };

  /** Null when it is gone, or cannot be read. */
  const look = (path: string): Promise<SecretInfo | null> =>
    source.describe(path).catch(async (error: unknown) => {
      await whyRefused(error);
      return null;
    });
  const movedOf = async (page: string[]): Promise<SecretInfo[]> => {
    const infos: SecretInfo[] = [];
    for (const path of page) {
      const info = await look(path);
      if (info && isMoved(info)) infos.push(info);
    }
    return infos;
  };

  return {
    async survey() {
      const all = await source.list('');
      const byClass: Record<string, number> = {};
      let moved = 0;
      for (const path of all) {
        const info = await look(path);
        if (info && isMoved(info)) moved += 1;
        const held = info && realVersions(info).find(({ state }) => state === 'held');
        const secretClass = held?.meta?.class ?? 'unreadable';
        byClass[secretClass] = (byClass[secretClass] ?? 0) + 1;
      }
      return { paths: all.length, moved, byClass };
    },

    async move(after, limit, progress) {
      const { page, next } = await pageAfter(after, limit);
      const counts: MoveCounts = { paths: page.length, moved: 0, already: 0, refused: [] };
      for (const path of page) {
        const outcome = await movedIn(path);
        if (typeof outcome === 'object') counts.refused.push({ path, message: outcome.refused });
        else if (outcome !== 'gone') counts[outcome] += 1;
        progress();
      }
      return { ...counts, next };
    },

    async compare(after, limit) {
      const { page, next } = await pageAfter(after, limit);
      const different: string[] = [];
      const moved = await movedOf(page);
      for (const { path } of moved) if (!(await paths.compare(path))) different.push(path);
      return { same: moved.length - different.length, different, next };
    },

    async erase(after, limit) {
      const { page, next } = await pageAfter(after, limit);
      let erased = 0;
      for (const info of await movedOf(page)) {
        const left = realVersions(info).filter(({ state }) => state !== 'destroyed');
        if (left.length === 0) continue;
        if (!(await paths.compare(info.path))) {
          throw new Fault(
            'conflict',
            `${info.path} is not the same in both stores any more, so nothing of it was destroyed; look at it in Vault, then confirm again.`,
          );
        }
        // The marker stays: a process that still opens the old store is told, and makes no new keys there.
        await source.destroyVersions(
          info.path,
          left.map(({ version }) => version),
        );
        erased += 1;
      }
      return { erased, next };
    },
  };
};
