import { randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import type { NewAuditEntry } from '../ports/audit.ts';
import type { Scope } from '../ports/ids.ts';
import type { ApiDeps } from './deps.ts';

/** One line about what this request did or was refused. A caller who names its request again hides nothing by that. */
export const auditLine = (
  { ports }: Pick<ApiDeps, 'ports'>,
  ctx: Context,
  scope: Scope,
  line: Omit<NewAuditEntry, 'key' | 'ip' | 'userAgent'>,
): Promise<void> =>
  ports.audit.append(scope, {
    ...line,
    key: `${line.action}/${randomUUID()}`,
    ip: ctx.ip,
    userAgent: ctx.get('User-Agent').slice(0, 200),
  });
