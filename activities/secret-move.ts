import { Context } from '@temporalio/activity';
import { PLATFORM } from '../ports/ids.ts';
import type { OperationId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { NewOperationEvent } from '../ports/runs.ts';
import type { MoveCounts } from '../ports/secrets.ts';

/** Of secrets looked at by one call of the port. */
const PAGE = 10;
/** One activity goes on for this long, then hands back: progress shows, and a cancelled migration stops at a secret. */
const SPELL_MS = 20_000;
const SPELL_PAGES = 50;

const stopWhenCancelled = (): void => Context.current().cancellationSignal.throwIfAborted();

/** Page after page for one spell; `null` in the end. */
const spell = async <Page extends { next: string | null }>(
  after: string | null,
  ask: (after: string | null) => Promise<Page>,
): Promise<{ pages: Page[]; next: string | null }> => {
  const until = Date.now() + SPELL_MS;
  const pages: Page[] = [];
  let next = after;
  do {
    const page = await ask(next);
    pages.push(page);
    next = page.next;
    stopWhenCancelled();
  } while (next !== null && pages.length < SPELL_PAGES && Date.now() < until);
  return { pages, next };
};

const sum = <Page>(pages: Page[], count: (page: Page) => number): number =>
  pages.reduce((total, page) => total + count(page), 0);

/** Secrets on their way from one store to another: counts and paths, never a value. */
export const createSecretMoveActivities = ({ secretMove, operations }: Pick<Ports, 'secretMove' | 'operations'>) => ({
  surveySecrets: (): Promise<{ paths: number; moved: number; byClass: Record<string, number> }> => secretMove.survey(),

  moveSecrets: async (after: string | null): Promise<MoveCounts & { next: string | null }> => {
    const { pages, next } = await spell(after, (from) => secretMove.move(from, PAGE, stopWhenCancelled));
    return {
      paths: sum(pages, ({ paths }) => paths),
      moved: sum(pages, ({ moved }) => moved),
      already: sum(pages, ({ already }) => already),
      refused: pages.flatMap(({ refused }) => refused),
      next,
    };
  },

  compareSecrets: async (after: string | null): Promise<{ same: number; different: string[]; next: string | null }> => {
    const { pages, next } = await spell(after, (from) => secretMove.compare(from, PAGE));
    return { same: sum(pages, ({ same }) => same), different: pages.flatMap(({ different }) => different), next };
  },

  eraseSecrets: async (after: string | null): Promise<{ erased: number; next: string | null }> => {
    const { pages, next } = await spell(after, (from) => secretMove.erase(from, PAGE));
    return { erased: sum(pages, ({ erased }) => erased), next };
  },

  /** One step of the migration's story: seen by those who watch, kept in the audit log. */
  recordMove: (operationId: OperationId, actor: string, event: NewOperationEvent): Promise<void> =>
    operations.record(operationId, event, {
      key: `${operationId}/${event.step}/${event.state}`,
      actor,
      action: `secrets.${event.step}.${event.state}`,
      resourceType: 'secret_store',
      resourceId: PLATFORM,
      metadata: event.data ?? {},
    }),
});
