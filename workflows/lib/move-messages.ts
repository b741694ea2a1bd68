import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { OperationId } from '../../ports/ids.ts';
import { MESSAGES } from '../../ports/operations.ts';

export interface MigrateInput {
  operationId: OperationId;
  /** Who asks, for the audit log. */
  actor: string;
  /** Looks, and changes nothing. */
  dryRun: boolean;
  /** What a run hands to the one that goes on after it. */
  carried?: { view: MoveView; after: string | null; passes: number };
}

/** How far the migration is: counts and paths, never a value. */
export interface MoveView {
  stage: 'looking' | 'moving' | 'comparing' | 'waiting' | 'erasing' | 'ended';
  dryRun: boolean;
  /** In the old store, by class too. */
  paths: number;
  byClass: Record<string, number>;
  /** Of these, at home in the new store. */
  moved: number;
  /** Of these, found the same in both. */
  same: number;
  /** Of these, destroyed in the old store. */
  erased: number;
  /** What a person must look at: at most twenty of each. */
  refused: { path: string; message: string }[];
  different: string[];
}

export const progressQuery = defineQuery<MoveView>(MESSAGES.progress);
/** What was moved may be destroyed in the old store. */
export const confirmUpdate = defineUpdate<MoveView, [{ actor: string }]>(MESSAGES.confirm);
