import type { Emulator } from '../../emulator/server.ts';
import type { FaultCode } from '../../ports/errors.ts';
import type { SecretValues } from '../../ports/secrets.ts';

/** What the contract must know of one stream that the connector's declaration does not say. */
export interface StreamCase {
  /** The emulator's collection behind it; absent where its rows are not kept ones, such as a report's. */
  collection?: string;
  /** Asked with every read, where the vendor lists nothing without it. */
  filter?: Record<string, string>;
  /** The `externalId` of the record that the emulator knows by `id`; the same unless said. */
  externalId?: (id: string) => string;
  /** Values to try filters with, where `1` is none that the vendor takes. */
  probe?: Record<string, string>;
  /** Inputs that the vendor takes, for each write that is declared. */
  create?: Record<string, unknown>;
  update?: Record<string, unknown>;
  /** Fields that the vendor’s description requires and the newer version of its API that we ask no longer has. */
  gone?: string[];
  /** A delete moves to a bin that the list still shows, or that this contract cannot look into. */
  keepsDeleted?: true;
}

/** One documented refusal, as the vendor's facts give it, and the fault that it must become. */
export interface ErrorCase {
  name: 'expired' | 'revoked' | 'forbidden' | 'missing' | 'throttled' | 'invalid' | 'conflict' | (string & {});
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON, or as it is when it is text. */
  body: unknown;
  fault: FaultCode;
  /** What the fault must say about waiting. */
  retryAfterMs?: number;
}

/** The tokens of a grant that nobody had to consent to. */
export const granted =
  (vendor: string, asked: { scopes?: string[] } = {}): ContractCase['credential'] =>
  ({ control }) => {
    const { accessToken, refreshToken, expiresAt } = control.oauth(vendor).grant(asked);
    return { access_token: accessToken, refresh_token: refreshToken ?? '', expiresAt: expiresAt ?? '' };
  };

/** One connector as the contract asks it, against the emulator. */
export interface ContractCase {
  connector: string;
  /** Where it is mounted in the emulator. */
  vendor: string;
  /** What follows the mount in paths of its API, where the emulator's faults are to hit nothing else. */
  faultsAt?: string;
  method: string;
  settings: (emulator: Emulator) => Record<string, string>;
  /** A credential that works now. */
  credential: (emulator: Emulator) => SecretValues;
  /** One that the vendor does not take. */
  wrong: SecretValues;
  /** The vendor’s own OpenAPI description, by its file name beside this checkout. */
  description?: string;
  streams: Record<string, StreamCase>;
  /** What one read costs at most, where the vendor counts points and not calls. */
  points?: number;
  /** The stream that refusals are provoked on; the first one unless said. */
  errorsOn?: string;
  errors: ErrorCase[];
  /** An event about this collection makes these streams be read again. */
  webhook?: { collection: string; kind: 'create' | 'update' | 'delete'; streams: string[] };
}
