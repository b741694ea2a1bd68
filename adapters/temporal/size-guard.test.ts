import { describe, expect, test } from '@jest/globals';
import { PAYLOAD_BYTES_MAX } from '../../ports/operations.ts';
import { scheduleSizeGuard, workflowSizeGuard } from './size-guard.ts';

const fits = 'x'.repeat(PAYLOAD_BYTES_MAX - 2);
const tooLarge = `${fits}x`;
const execution = { workflowId: 'approval:acme:1' };
const refused = { code: 'payload_too_large' };

const { startWithDetails, signal, startUpdate, query, signalWithStart, startUpdateWithStart } = workflowSizeGuard;
const options = (args: unknown[], memo = {}) => ({ workflowId: 'approval:acme:1', args, memo });

/** Calls an interceptor with this input; what it lets through is answered by `passed`. */
const through = (guard: ((input: never, next: never) => Promise<unknown>) | undefined, input: object) =>
  Promise.resolve(guard?.(input as never, (async () => 'passed') as never));

describe('C66: a payload over 64 KB never leaves the client', () => {
  test.each([
    ['start', startWithDetails, (x: string) => ({ workflowType: 'approval', options: options([x]) })],
    ['memo of a start', startWithDetails, (x: string) => ({ workflowType: 'approval', options: options([], { x }) })],
    ['signal', signal, (x: string) => ({ signalName: 's', args: [x], workflowExecution: execution })],
    ['update', startUpdate, (x: string) => ({ updateName: 'u', args: [1, x], workflowExecution: execution })],
    ['query', query, (x: string) => ({ queryType: 'q', args: [x], workflowExecution: execution })],
    [
      'signal with start',
      signalWithStart,
      (x: string) => ({ workflowType: 'approval', signalName: 's', signalArgs: [x], options: options([]) }),
    ],
    [
      'update with start',
      startUpdateWithStart,
      (x: string) => ({
        workflowType: 'approval',
        updateName: 'u',
        updateArgs: [x],
        workflowStartOptions: options([]),
      }),
    ],
    ['schedule', scheduleSizeGuard.create, (x: string) => ({ options: { scheduleId: 's', action: { args: [x] } } })],
  ])('%s', async (_name, guard, input) => {
    await expect(through(guard as never, input(fits))).resolves.toBe('passed');
    await expect(through(guard as never, input(tooLarge))).rejects.toMatchObject(refused);
  });

  test('the fault names what was too large, how large, and the mend', async () => {
    const input = { workflowType: 'approval', options: options([tooLarge]) };
    await expect(through(startWithDetails as never, input)).rejects.toThrow(
      'workflow approval carries a payload of 65537 bytes, 65536 at most; keep the content and pass its reference',
    );
  });

  test('bytes count, not characters', async () => {
    const input = { signalName: 's', args: ['é'.repeat(PAYLOAD_BYTES_MAX / 2)], workflowExecution: execution };
    await expect(through(signal as never, input)).rejects.toMatchObject(refused);
  });
});
