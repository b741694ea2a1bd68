import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { RotationTerms } from '../../activities/rotation.ts';
import type { OperationId } from '../../ports/ids.ts';
import { MESSAGES } from '../../ports/operations.ts';
import type { Rotation, RotationTarget } from '../../ports/rotation.ts';
import type { RotatedClass } from '../../ports/secret-classes.ts';
import type { StagedRef } from '../../ports/secrets.ts';

/** One rotation of one secret. */
export interface RotateOne {
  /** Chosen before the start, so that whoever starts it can ask for it, and so that a retried start is the same rotation. */
  rotationId: string;
  target: RotationTarget;
  /** Null: nobody asked, it was due. */
  operationId: OperationId | null;
  /** Who asks, for the audit log. */
  actor: string;
  /** The successor, where whoever starts it brings it. */
  given?: StagedRef;
  /** What a run hands to the one that goes on after it. */
  carried?: Carried;
}

/** Starts whatever of a class is due, from the tenant after `after` on. What a schedule starts. */
export interface RotateDue {
  due: RotatedClass;
  after?: string;
  /** Why a first scope could not be looked at by an earlier run. */
  wrong?: string;
}

export type RotateInput = RotateOne | RotateDue;

/** Moments in milliseconds since 1970. */
export interface Carried {
  terms: RotationTerms;
  view: RotationView;
  /** Since when a person is asked. */
  asking?: { sinceMs: number; reminders: number; attempts: number };
  /** Since when the successor is in use. */
  inUseSinceMs?: number;
  /** Nothing needs the predecessor any more: it is to be taken back, and nothing is undone any more. */
  isFree?: boolean;
}

/** Where a rotation stands. Never a secret. */
export type RotationView = Pick<Rotation, 'step' | 'outcome' | 'message'> & { rotationId: string };

/** Staged: the successor's fields, as the issuer names them. Answered when it was tested by a real call. */
export const submitSuccessorUpdate = defineUpdate<RotationView, [{ staged: StagedRef; actor: string }]>(
  MESSAGES.submitSuccessor,
);
/** Null: this run looks for what is due. */
export const progressQuery = defineQuery<RotationView | null>(MESSAGES.progress);
