/** Where meters are kept. `id` names one among all; `connectorId` whose it is. */
export interface MeterKey {
  id: string;
  connectorId: string;
}

export interface MeterRead {
  /** 0: there is none. Never the same twice for one key. */
  version: number;
  /** Null: none, or the one of the version that was asked with. */
  body: string | null;
  /** The store's own clock, the same for all processes. */
  nowMs: number;
}

/** Keeps small documents that several processes change by compare-and-set, each in one round trip. */
export interface MeterStore {
  /**
   * Replaces the body if the version is still this one; else, and where `body` is null, tells what is there. It is forgotten
   * once nobody has written for `keepMs`.
   */
  swap: (
    key: MeterKey,
    version: number,
    body: string | null,
    keepMs: number,
  ) => Promise<MeterRead & { swapped: boolean }>;
  /** All meters of a connector. */
  list: (connectorId: string) => Promise<{ bodies: string[]; nowMs: number }>;
  close: () => Promise<void>;
}
