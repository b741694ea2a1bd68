// Read by tsconfig.core.json only, in place of @temporalio/client (which @temporalio/activity names in its types): the
// client's types bring all of Node with them, and the rooms of the core may not see Node.
export type Client = never;
export type AsyncCompletionClient = never;

declare global {
  /** As much of it as a port may promise: whoever makes one lives in an adapter. */
  interface AbortSignal {
    readonly aborted: boolean;
    readonly reason: unknown;
    throwIfAborted: () => void;
    addEventListener: (type: 'abort', listener: () => void, options?: { once?: boolean }) => void;
    removeEventListener: (type: 'abort', listener: () => void) => void;
  }
}
