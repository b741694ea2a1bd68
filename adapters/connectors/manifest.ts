import type { LimitTold } from '../../ports/budgets.ts';
import type { ConnectorCategory, RateLimit } from '../../ports/connector-info.ts';
import type { FaultCode, FieldError } from '../../ports/errors.ts';
import type { HttpAnswer } from '../http/client.ts';
import type { DeclaredMethod, Params, Verification, Yes } from './auth-methods.ts';
import type { KeyApi } from './key-api.ts';
import type { Site } from './site.ts';
import type { Stream } from './streams.ts';
import type { Webhooks } from './webhooks.ts';

export type { Params } from './auth-methods.ts';

/** The first rule that fits names the fault; else the status alone does. */
export interface ErrorRule {
  /** Absent: whatever the status is. */
  status?: number;
  /** Values of the vendor's code (or of what lies at `at`) that the rule is about; absent: any. */
  is?: (string | number)[];
  at?: string;
  fault: FaultCode;
  message: string;
  /** The credential field to blame when this happens while connecting. */
  field?: string;
}

export interface ErrorTable {
  /** Where in the body the vendor's code lies; of several the first that is there. */
  code: string | string[];
  /** Where errors come with status 200: what a good answer says. */
  yes?: Yes;
  /** The same where one path does not tell: true when an answer of status 2xx is a refusal. */
  refusedBy?: (json: unknown) => boolean;
  /** Where an object lies whose keys are the refused fields. */
  fields?: string;
  /** The same where they lie otherwise. Names only; the vendor's prose may hold what is not for logs. */
  fieldsOf?: (json: unknown) => FieldError[];
  rules: ErrorRule[];
}

/** Told of every answer; a budget learns from it. */
export type TellsLimits = (answer: { headers: HttpAnswer['headers']; json: unknown }) => LimitTold[];

export interface Manifest {
  id: string;
  title: string;
  category: ConnectorCategory;
  docs: string;
  /** What the vendor's documents leave open (`confidence_note` of its facts), and what bites whoever connects; shown to people. */
  notes?: string[];
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
  verify: Verification;
  errors: ErrorTable;
  /** Documented limits, smallest plan. Absent: none is documented, and only the vendor's refusals slow us down. */
  limits?: RateLimit[];
  /** Those of them that only calls which name them (`Call.limit`) count against, such as a search's. */
  narrow?: string[];
  /** Calls of one connection at once. Absent: 8. */
  inFlightMax?: number;
  tells?: TellsLimits;
  /** Where people find the keys of their account, and the calls that make and delete them where the vendor has such. */
  keys?: { where: string; api?: KeyApi };
  webhooks?: Webhooks;
  streams: Record<string, Stream>;
}

export const defineConnector = (manifest: Manifest): Manifest => manifest;
