import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { NewOperationEvent } from '../ports/runs.ts';
import { local, own, pages } from './lib/activities.ts';
import { blockedBy } from './lib/attributes.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { confirmUpdate, progressQuery } from './lib/move-messages.ts';
import type { MigrateInput, MoveView } from './lib/move-messages.ts';

export * from './lib/move-messages.ts';

const CONFIRM_MAX = '30 days';
/** Looks for what was written into the old store meanwhile: by a process that knows nothing of the new one. */
const PASSES_MAX = 5;
const NAMED_MAX = 20;

const newView = (dryRun: boolean): MoveView => ({
  ...{ stage: 'looking', dryRun, paths: 0, byClass: {}, moved: 0, same: 0, erased: 0, refused: [], different: [] },
});
const conflict = (message: string) => ApplicationFailure.nonRetryable(message, 'conflict');
const plural = (count: number) => (count === 1 ? '1 secret' : `${count} secrets`);

/**
 * Moves the secrets of this deployment from the store of development to the one of production. Each is copied, read back,
 * compared and switched by itself, so that a migration that ends anywhere is gone on with by the next. The old store keeps
 * everything until a person confirms.
 */
export async function migrateSecrets({ operationId, actor, dryRun, carried }: MigrateInput): Promise<MoveView> {
  let view = carried?.view ?? newView(dryRun);
  let after = carried?.after ?? null;
  let passes = carried?.passes ?? 0;

  setHandler(progressQuery, () => view);
  setHandler(
    confirmUpdate,
    async () => {
      view = { ...view, stage: 'erasing' };
      return view;
    },
    {
      validator: (_by: { actor: string }) => {
        if (view.stage !== 'waiting') throw conflict('nothing waits to be confirmed; see how far the migration is');
      },
    },
  );

  const tell = (
    step: string,
    state: NewOperationEvent['state'],
    message: string,
    data: NewOperationEvent['data'] = {},
  ) => local.recordMove(operationId, actor, { step, state, message, data });
  const look = async (): Promise<void> => {
    view = { ...view, ...(await pages.surveySecrets()) };
  };
  const eachPage = async <Page extends { next: string | null }>(
    ask: (after: string | null) => Promise<Page>,
    take: (page: Page) => Partial<MoveView>,
  ): Promise<void> => {
    do {
      const page = await ask(after);
      view = { ...view, ...take(page) };
      after = page.next;
      if (after !== null && workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        const next = { view, after, passes };
        await continueAsNew<typeof migrateSecrets>({ operationId, actor, dryRun, carried: next });
      }
    } while (after !== null);
  };

  const move = async (): Promise<void> => {
    do {
      if (after === null) {
        passes += 1;
        view = { ...view, refused: [] };
        await tell(passes === 1 ? 'move' : `move again (${passes})`, 'started', 'Copying, comparing and switching');
      }
      await eachPage(
        (from) => pages.moveSecrets(from),
        ({ moved, refused }) => ({
          moved: view.moved + moved,
          refused: [...view.refused, ...refused].slice(0, NAMED_MAX),
        }),
      );
      await look();
    } while (view.moved < view.paths && view.refused.length === 0 && passes < PASSES_MAX);
    const [first] = view.refused;
    if (first) {
      const more = view.refused.length > 1 ? ` (and ${view.refused.length - 1} more)` : '';
      throw conflict(`${first.path}${more}: ${first.message}`);
    }
    if (view.moved < view.paths) {
      throw conflict(
        'another process still writes into the old store; start every one with SECRETS_STORE=moving, then begin again',
      );
    }
    await tell('move', 'completed', `${plural(view.moved)} moved`, { moved: view.moved });
  };

  const compare = async (): Promise<void> => {
    await eachPage(
      (from) => pages.compareSecrets(from),
      ({ same, different }) => ({
        same: view.same + same,
        different: [...view.different, ...different].slice(0, NAMED_MAX),
      }),
    );
    if (view.different.length > 0) {
      throw conflict(`these differ in the two stores: ${view.different.join(', ')}; nothing was destroyed`);
    }
    const subject = `${plural(view.same)} of this deployment are in the new store and the same there; confirm that they be destroyed in the old one`;
    await tell('confirm', 'waiting', subject, { same: view.same });
    await own.tellOfFact('platform', {
      key: `migrate-secrets/${operationId}/confirm`,
      roles: ['platform_admin', 'super_admin'],
      kind: 'secrets.moved',
      subject,
      link: '/api/v1/secrets/migration',
    });
  };

  const erase = async (): Promise<void> => {
    await tell('erase', 'started', 'Destroying what was moved in the old store');
    await eachPage(
      (from) => pages.eraseSecrets(from),
      ({ erased }) => ({ erased: view.erased + erased }),
    );
    await tell('erase', 'completed', `${plural(view.erased)} destroyed in the old store`, { erased: view.erased });
  };

  try {
    if (view.stage === 'looking') {
      await look();
      const { paths, moved } = view;
      await tell('look', 'completed', `${plural(paths)} in the old store, ${moved} of them moved`, { paths, moved });
      view = { ...view, stage: dryRun ? 'ended' : 'moving' };
    }
    if (view.stage === 'moving') {
      await move();
      view = { ...view, stage: 'comparing' };
    }
    if (view.stage === 'comparing') {
      await compare();
      view = { ...view, stage: 'waiting' };
      const confirmed = condition(() => view.stage !== 'waiting', CONFIRM_MAX);
      if (!(await blockedBy('approval', confirmed))) {
        await tell('erase', 'undone', 'Nobody confirmed within 30 days: the old store keeps what was moved');
      }
    }
    if (view.stage === 'erasing') await erase();
    view = { ...view, stage: 'ended' };
    await condition(allHandlersFinished);
    await own.settleOperation(operationId, 'completed', null);
    return view;
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const { code, message } = rootFailure(error);
    const outcome = isCancellation(error) ? 'cancelled' : 'failed';
    await CancellationScope.nonCancellable(() => own.settleOperation(operationId, outcome, { code, message }));
    throw asFailure(error);
  }
}
