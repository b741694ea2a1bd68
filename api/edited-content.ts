import { Ajv } from 'ajv';
import type { Approval, DecisionRequest } from '../ports/approvals.ts';
import type { ContentRef } from '../ports/content.ts';
import { Fault } from '../ports/errors.ts';
import type { TenantId } from '../ports/ids.ts';
import type { ApiDeps } from './deps.ts';

type Edit = Extract<DecisionRequest, { kind: 'edit' }>;

/** A call of a tool as people are shown it. */
const isCall = (shown: object): shown is { arguments: unknown; schema: object } =>
  'arguments' in shown && 'schema' in shown && typeof shown.schema === 'object' && shown.schema !== null;

/** A pattern of another system's may take for ever on a text that was made for it. */
const noPatterns = Object.assign(() => ({ test: () => true }), { code: 'noPatterns' });

/**
 * What the schema that the call was pinned with says of these arguments. It may be another system's: formats and patterns are
 * left to whoever takes the call, and a schema that refers elsewhere or is none refuses the edit.
 */
const checkArguments = (schema: object, given: Record<string, unknown>): void => {
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    validateFormats: false,
    validateSchema: false,
    logger: false,
    code: { regExp: noPatterns },
  });
  // Which dialect it names, and where it says it lives, are nothing to look up.
  const own: Record<string, unknown> = { ...schema };
  delete own['$id'];
  delete own['$schema'];
  let check: ReturnType<Ajv['compile']>;
  try {
    check = ajv.compile(own);
  } catch (cause) {
    const mend = 'The arguments of this call cannot be checked, so they cannot be edited; approve or reject it.';
    throw new Fault('unsupported', mend, { cause });
  }
  if (check(given)) return;
  const fields = (check.errors ?? []).slice(0, 20).map(({ instancePath, message = 'is wrong' }) => ({
    path: `arguments${instancePath.replaceAll('/', '.')}`,
    message,
  }));
  throw new Fault('invalid_request', 'The edited arguments do not fit this call; see `errors`.', { fields });
};

/** The edited content takes the place of what was shown, whole: what is approved stands under one reference. */
export const putEdited = async (
  { ports }: Pick<ApiDeps, 'ports'>,
  tenantId: TenantId,
  approval: Approval,
  edit: Edit,
): Promise<ContentRef> => {
  const shown = await ports.content.get(tenantId, approval.contentId);
  const isObject = typeof shown === 'object' && shown !== null;
  if (edit.arguments !== undefined) {
    if (!isObject || !isCall(shown)) {
      throw new Fault('unsupported', 'There are no arguments in this approval to edit; approve or reject it.');
    }
    checkArguments(shown.schema, edit.arguments);
    // What the call would have done was looked up for other arguments: who decides next is not shown it.
    return ports.content.put(tenantId, { ...shown, arguments: edit.arguments, preview: null });
  }
  if (!isObject || !('proposedPost' in shown)) {
    throw new Fault('unsupported', 'There is no post in this approval to edit; approve or reject it.');
  }
  return ports.content.put(tenantId, { ...shown, proposedPost: edit.proposedPost });
};
