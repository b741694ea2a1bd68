import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { isFaultCode } from '../ports/errors.ts';

export type Log = Logger;

const HIDDEN = '[hidden]';

/** Names of fields whose value is never printed, wherever they stand. */
const SECRET_FIELD =
  /^(authorization|proxy-authorization|cookie|set-cookie|passw(or)?d|passphrase|secret|client_?secret|(access_?|refresh_?|id_?)?tokens?|api_?key|x-api-key|code_?verifier|verifier|jwt|private_?key|taskToken|taskEncoded)$/i;

/** `code` is an OAuth code or a name of an error: only what is plainly the latter is printed. */
const ERROR_CODE = /^([A-Z][A-Z0-9_]+|[0-9A-Z]{5})$/;
const isSecret = (name: string, value: unknown) =>
  value !== undefined &&
  value !== null &&
  (SECRET_FIELD.test(name) ||
    (name === 'code' && typeof value === 'string' && !isFaultCode(value) && !ERROR_CODE.test(value)));

/** Shapes of secrets inside text: error messages of other people's libraries reach the log too. */
const SHAPES: [RegExp, string][] = [
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{4,}/gi, `$1 ${HIDDEN}`],
  [/\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*/g, HIDDEN],
  [/\b(sk|pk|rk|ghp|gho|xox[abp]|pat)[-_][\w-]{12,}/g, HIDDEN],
  [
    /([?&](?:code|state|token|access_token|refresh_token|client_secret|code_verifier|password)=)[^&\s"']+/gi,
    `$1${HIDDEN}`,
  ],
  [
    /("?(?:access_token|refresh_token|client_secret|code_verifier|application_password|password|api_key)"?\s*[:=]\s*"?)[^"\s,&}]+/gi,
    `$1${HIDDEN}`,
  ],
  [/(\w+:\/\/[^\s:/@]+:)[^\s@/]+@/g, `$1${HIDDEN}@`],
];

/** Text without the known shapes of secrets. */
export const scrubText = (text: string): string =>
  SHAPES.reduce((clean, [shape, replacement]) => clean.replace(shape, replacement), text);

const DEPTH_MAX = 8;

/** A copy without secrets: fields by name, text by shape. Errors become plain objects with their causes. */
export function scrub(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return '[deep]';
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
  const plain =
    value instanceof Error
      ? { ...value, type: value.name, message: value.message, stack: value.stack, cause: value.cause }
      : value;
  return Object.fromEntries(
    Object.entries(plain).map(([name, inner]) => [name, isSecret(name, inner) ? HIDDEN : scrub(inner, depth + 1)]),
  );
}

/**
 * The one logger, for the API, the workers and Temporal's SDK. JSON lines; every line passes the redactor, messages too.
 */
export const createLog = (
  level: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => scrub(fields) as Record<string, unknown> },
      hooks: {
        logMethod(args, method) {
          const clean = args.map((arg) => (typeof arg === 'string' ? scrubText(arg) : arg));
          method.apply(this, clean as Parameters<typeof method>);
        },
      },
      serializers: { err: (error: unknown) => scrub(error), error: (error: unknown) => scrub(error) },
    },
    destination,
  );
