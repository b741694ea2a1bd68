import type { FaultList, FaultRule } from './faults.ts';
import type { Journal } from './journal.ts';
import type { McpControl } from './mcp/server.ts';
import type { ModelsControl } from './models/script-terms.ts';
import type { OAuthControl } from './oauth/control.ts';
import type { RecordsControl } from './records/control.ts';
import type { KeyControl } from './vendors/api-keys.ts';
import type { HubspotControl } from './vendors/hubspot/index.ts';
import type { OpenaiControl } from './vendors/openai/index.ts';
import type { WordpressControl } from './vendors/wordpress/index.ts';
import type { WebControl } from './web.ts';
import type { World } from './world.ts';

/** The hand that moves the outside world: what a test or a person does to the vendors behind our back. */
export interface Control {
  readonly faults: Pick<FaultList, 'add' | 'pending' | 'release' | 'clear'>;
  /** Shorthand of `faults.add`. */
  fault: (rule: FaultRule) => void;
  requests: Journal['requests'];
  waitFor: Journal['waitFor'];
  /** Read it anew after `reset`: it belongs to the world as it is now. So do the next three. */
  readonly hubspot: HubspotControl;
  readonly wordpress: WordpressControl;
  readonly openai: OpenaiControl;
  readonly models: ModelsControl;
  /** A server of tools at `/mcp/<name>`. */
  mcp: (name: string) => McpControl;
  /** A web host at `/web/<name>/`. */
  web: (name: string) => WebControl;
  /** A vendor's authorization server, by the vendor's id. */
  oauth: (vendor: string) => OAuthControl;
  /** The keys of a vendor that is asked with keys, by the name it is mounted under. */
  keys: (vendor: string) => KeyControl;
  /** A vendor's records, by the name it is mounted under. */
  records: (vendor: string) => RecordsControl;
  /** The world as it was at start: no tokens, no faults, no memory of requests. */
  reset: () => void;
}

interface Parts {
  faults: FaultList;
  journal: Journal;
  world: () => World;
  baseUrl: () => string;
  reset: () => void;
}

export function createControl({ faults, journal, world, baseUrl, reset }: Parts): Control {
  return {
    faults,
    fault: faults.add,
    requests: journal.requests,
    waitFor: journal.waitFor,
    get hubspot() {
      return world().hubspot.control;
    },
    get wordpress() {
      return world().wordpress.control(baseUrl);
    },
    get models() {
      return world().models;
    },
    get openai() {
      return world().openai;
    },
    mcp: (name) => world().mcp(name),
    web: (name) => world().web(name),
    oauth: (vendor) => world().oauth(vendor),
    keys: (vendor) => world().keys(vendor),
    records: (vendor) => world().records(vendor),
    reset() {
      faults.clear();
      journal.clear();
      reset();
    },
  };
}
