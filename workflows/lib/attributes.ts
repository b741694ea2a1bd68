import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { BlockedBy } from '../../ports/operations.ts';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

const TENANT = keyword('TenantId');
const BLOCKED_BY = keyword('BlockedBy');
const OPERATION = keyword('Operation');
const CONNECTOR = keyword('ConnectorId');
const CONNECTION = keyword('ConnectionId');

/** What operators filter by. `operation` is the workflow's name. */
export interface Attributes {
  tenantId: string;
  operation: string;
  connectorId?: string;
  connectionId?: string;
}

export const searchAttributes = ({ tenantId, operation, connectorId, connectionId }: Attributes) => [
  { key: TENANT, value: tenantId },
  { key: OPERATION, value: operation },
  { key: BLOCKED_BY, value: 'none' },
  ...(connectorId === undefined ? [] : [{ key: CONNECTOR, value: connectorId }]),
  ...(connectionId === undefined ? [] : [{ key: CONNECTION, value: connectionId }]),
];

export const belongsTo = (tenantId: string): void => upsertSearchAttributes([{ key: TENANT, value: tenantId }]);

export const blockedFor = (what: BlockedBy): void => upsertSearchAttributes([{ key: BLOCKED_BY, value: what }]);

/** From now on this workflow is found among what depends on the connection. */
export const dependsOn = (connectionId: string): void =>
  upsertSearchAttributes([{ key: CONNECTION, value: connectionId }]);

/** Says what this workflow waits for, for as long as `wait` lasts. */
export const blockedBy = async <Result>(what: BlockedBy, wait: Promise<Result>): Promise<Result> => {
  blockedFor(what);
  try {
    return await wait;
  } finally {
    blockedFor('none');
  }
};
