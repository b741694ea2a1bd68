import { DefaultFailureConverter } from '@temporalio/common';

/** Puts messages and stacks of failures through the codec: left alone they stand in history in clear. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
