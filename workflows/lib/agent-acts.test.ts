import { beforeEach, expect, jest, test } from '@jest/globals';
import { ActivityFailure, TimeoutFailure } from '@temporalio/common';
import * as workflow from '@temporalio/workflow';
import type { CallAt, Exactly } from '../../activities/agents/terms.ts';
import type { Loop } from './agent-state.ts';

const late = new TimeoutFailure('late', undefined, 'SCHEDULE_TO_CLOSE');
const cut = new ActivityFailure('failed', 'invokeCall', '1', 'TIMEOUT', undefined, late);
/** What the call asked of activities, in order. */
const asked: [string, ...unknown[]][] = [];
const activity =
  (name: string) =>
  async (...given: unknown[]) => {
    asked.push([name, ...given]);
    return {};
  };
jest.unstable_mockModule('@temporalio/workflow', () => ({
  ...workflow,
  patched: () => true,
  upsertSearchAttributes: () => undefined,
  uuid4: () => 'an-id',
  proxyLocalActivities: () => ({}),
  proxyActivities: () => new Proxy({}, { get: (_, name) => activity(String(name)) }),
  executeChild: async () => ({ outcome: 'rejected' }),
}));
const { invoke } = await import('./agent-acts.ts');

beforeEach(() => void asked.splice(0));
const loop = { at: {}, state: {}, patiently: () => Promise.reject(cut) } as unknown as Loop;
const where: CallAt = { asked: 1, index: 0, seq: 2 };
const names = () => asked.map(([name]) => name);

test('an effect that time cut off may have happened: a person is asked, and the model is not told to do it again', async () => {
  await invoke(loop, 'send_note', where, { effectKey: 'one' } as Exactly);
  expect(names()).toEqual(['describeCall', 'answerCall']);
  expect(asked.at(-1)?.at(-1)).toContain('send_note did not end in time and may have done this');
});

test('of a read that time cut off the model is told, and nobody is asked', async () => {
  await invoke(loop, 'list_content', where, null);
  expect(names()).toEqual(['answerCall']);
  expect(asked.at(-1)?.at(-1)).toContain('not done in time');
});
