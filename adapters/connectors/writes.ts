import type { z } from 'zod';
import type { WriteSafety } from '../../ports/connector-info.ts';
import type { UploadRef, WriteReceipt } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { Params } from './auth-methods.ts';
import type { HttpAnswer } from '../http/client.ts';
import type { Call } from './call.ts';
import { refusedFields } from './refused-fields.ts';

/** A question that finds what an earlier attempt with this marker did, and where in its answer. */
export interface Probe {
  call: Call;
  /** A list, or one object or null where the vendor answers by a key. */
  items: string;
  /** Whether one of these is this write's own; a vendor may answer more than was asked for. Absent: the first is. */
  is?: (item: unknown) => boolean;
}

export interface Write {
  safety: WriteSafety;
  /** Names of the input's fields, for people and agents. */
  fields: string[];
  /** Throws `invalid_request` that names each field that does not fit. */
  check: (input: unknown) => unknown;
  /** `input` is checked. `id` is empty in a create; `marker` names this write. */
  call: (ask: { input: unknown; id: string; marker: string; settings: Params; file?: UploadRef }) => Call;
  /** What the answer says was made or changed; absent (update, delete): the id that was asked for. */
  receipt?: z.ZodType<WriteReceipt>;
  /** The same of the write's own answer where the body alone does not tell: from a header, or from what was asked. */
  receiptOf?: (
    reply: { json: unknown; headers: HttpAnswer['headers'] },
    ask: { input: unknown; settings: Params },
  ) => WriteReceipt;
  /** Of `probe` writes: asked in turn until one finds something, which `receipt` then reads. */
  probes?: (ask: { input: unknown; marker: string }) => Probe[];
  /** Takes a file, whose bytes are the call's body, or a part of it (`Call.file`). */
  takesFile?: boolean;
}

export interface Writes {
  create?: Write;
  update?: Write;
  delete?: Write;
}

/** `input` checks what is to be written and names the fields; what it gives is what `call` is given, or this does not compile. */
export const writing = <Input extends z.ZodObject>({
  input,
  call,
  probes,
  ...spec
}: Omit<Write, 'fields' | 'check' | 'call' | 'probes'> & {
  input: Input;
  call: (ask: { input: z.output<Input>; id: string; marker: string; settings: Params; file?: UploadRef }) => Call;
  probes?: (ask: { input: z.output<Input>; marker: string }) => Probe[];
}): Write => ({
  ...spec,
  fields: Object.keys(input.shape),
  check(given) {
    const checked = input.safeParse(given);
    if (checked.success) return checked.data;
    throw new Fault('invalid_request', 'this cannot be written', { fields: refusedFields(checked.error) });
  },
  call: (ask) => call({ ...ask, input: ask.input as z.output<Input> }),
  ...(probes && { probes: ({ input: checked, marker }) => probes({ input: checked as z.output<Input>, marker }) }),
});

/** A delete, which needs no input: gone is gone, so that a second one does no harm. */
export const deletion = (call: (id: string, settings: Params) => Call): Write => ({
  safety: 'idempotent',
  fields: [],
  check: () => ({}),
  call: ({ id, settings }) => call(id, settings),
});
