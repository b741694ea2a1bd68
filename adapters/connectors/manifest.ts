import type { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { FaultCode } from '../../ports/errors.ts';
import type { ConnectorCategory, Row, VerifiedAccount, WriteReceipt } from '../../ports/connectors.ts';
import type { DeclaredMethod, Params, Yes } from './auth-methods.ts';
import type { Call } from './call.ts';
import type { KeyApi } from './key-api.ts';
import { refusedFields } from './refused-fields.ts';
import type { Site } from './site.ts';

export type { Params } from './auth-methods.ts';

/** The first rule that fits names the fault; else the status alone does. */
export interface ErrorRule {
  status: number;
  /** Values of the vendor's code (or of what lies at `at`) that the rule is about; absent: any. */
  is?: (string | number)[];
  at?: string;
  fault: FaultCode;
  message: string;
  /** The credential field to blame when this happens while connecting. */
  field?: string;
}

export interface ErrorTable {
  /** Where in the body the vendor's code lies. */
  code: string;
  /** Where errors come with status 200: what a good answer says. */
  yes?: Yes;
  /** Where an object lies whose keys are the refused fields. */
  fields?: string;
  rules: ErrorRule[];
}

export type Paging =
  | {
      kind: 'offset';
      size: string;
      sizeMax: number;
      offset: string;
      /** Header with the count of the whole list. */
      total: string;
      /** Order by ascending id: rows made during a scan come last. */
      stable: Params;
      newest: Params;
      window: { after: string; before: string; lookBackMs: number };
    }
  | {
      kind: 'cursor';
      size: string;
      sizeMax: number;
      cursor: string;
      /** Where the next cursor lies. A `next` URL is never followed. */
      next: string;
      search: Search;
    };

/** A vendor's search endpoint: how what changed is read, and what filters need. */
export interface Search {
  path: string;
  lookBackMs: number;
  /** The vendor answers no rows beyond this many of one search. */
  rowsMax: number;
  /** `fromMs`: rows changed at or after it, oldest change first. */
  body: (ask: { fromMs: number | null; after: string | null; limit: number; filter: Params }) => unknown;
}

export interface Creation {
  path: string;
  /** What a lost answer means: `probe` looks for the marker before another try; `unsafe` parks the write for a person. */
  safety: 'probe' | 'unsafe';
  body: (input: unknown, marker: string) => unknown;
  receipt: z.ZodType<WriteReceipt>;
  /** Questions that find what an earlier create with this marker made, asked in turn until one does. */
  probes: (marker: string) => Params[];
}

export interface Stream {
  title: string;
  text: boolean;
  path: string;
  query: Params;
  /** Our filter names, the vendor's parameter for each, and what is allowed where that is a choice. */
  filters: Record<string, { param: string; values?: string[] }>;
  /** Where the rows lie in a list's answer; empty: the answer is the list. */
  items: string;
  paging: Paging;
  id: RegExp;
  parse: z.ZodType<Row>;
  create?: Creation;
  /** DELETE on one row moves it to the vendor's bin. */
  removes: boolean;
}

export interface Manifest {
  id: string;
  title: string;
  category: ConnectorCategory;
  docs: string;
  /** The ways to connect; the first is the one to offer. */
  auth: [DeclaredMethod, ...DeclaredMethod[]];
  /** What each setting must look like that names a host: nothing is sent to an address that does not fit. */
  hosts?: Record<string, RegExp>;
  /** Where paths begin; `{name}` stands for a setting of the connection. */
  base: string;
  /** Finds and proves the tenant's own system before a credential is sent there; returns what `base` needs. */
  discover?: (site: Site, settings: Params) => Promise<Params>;
  /** Sent with every call. */
  headers?: Params;
  /** Their answers are XML; these elements come in lists, also when there is one. Absent: JSON. */
  xml?: string[];
  verify: Call & {
    account: z.ZodType<VerifiedAccount>;
    /** For systems that name no account: templates that are filled from the settings. */
    named?: { accountId: string; accountName: string };
    /** What it means when the answer names no account. */
    nobody?: string;
  };
  errors: ErrorTable;
  /** Where people find the keys of their account, and the calls that make and delete them where the vendor has such. */
  keys?: { where: string; api?: KeyApi };
  streams: Record<string, Stream>;
}

export const defineConnector = (manifest: Manifest): Manifest => manifest;

/** `raw` is theirs, `row` ours; `map` must turn one into the other, or this does not compile. */
export function stream<Raw extends z.ZodType, Ours extends z.ZodType<Row>>({
  raw,
  row,
  map,
  ...spec
}: Omit<Stream, 'parse'> & { raw: Raw; row: Ours; map: (raw: z.output<Raw>) => z.output<Ours> }): Stream {
  return { ...spec, parse: (raw.transform(map) as z.ZodType).pipe(row) };
}

/** `input` checks what is to be written; a field that does not fit is named. */
export const creation = <Input extends z.ZodType>({
  input,
  body,
  ...spec
}: Omit<Creation, 'body'> & { input: Input; body: (input: z.output<Input>, marker: string) => unknown }): Creation => ({
  ...spec,
  body(given, marker) {
    const checked = input.safeParse(given);
    if (checked.success) return body(checked.data, marker);
    throw new Fault('invalid_request', 'this cannot be written', { fields: refusedFields(checked.error) });
  },
});
