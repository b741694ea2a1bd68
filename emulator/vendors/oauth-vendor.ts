import type { Handler } from '../http.ts';
import type { OAuthControl } from '../oauth/control.ts';
import type { RecordsControl } from '../records/control.ts';

/** A vendor whose tokens the generic authorization server gives. */
export interface OAuthVendor {
  handle: Handler;
  oauth: OAuthControl;
  /** What time it is there. */
  now: () => number;
  records?: RecordsControl;
}
