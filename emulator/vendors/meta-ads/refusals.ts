import { randomBytes } from 'node:crypto';
import { json, type Call, type Reply } from '../../http.ts';

export function failed(
  status: number,
  message: string,
  code: number,
  subcode?: number,
  headers: Record<string, string> = {},
): Reply {
  const trace = randomBytes(8).toString('base64url');
  const detail = {
    message,
    type: 'OAuthException',
    code,
    ...(subcode === undefined ? {} : { error_subcode: subcode }),
  };
  return json(status, { error: { ...detail, fbtrace_id: trace } }, headers);
}

/** The same for what does not exist and for what the token may not see. */
export const missing = ({ method, path }: Call): Reply =>
  failed(400, `Unsupported ${method.toLowerCase()} request. Object at ${path} does not exist`, 100, 33);
