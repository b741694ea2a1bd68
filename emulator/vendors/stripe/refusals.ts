import { json, type Reply } from '../../http.ts';

interface Detail {
  code?: string;
  param?: string;
  type?: string;
}

export const refused = (
  status: number,
  message: string,
  { type = 'invalid_request_error', ...detail }: Detail = {},
): Reply => json(status, { error: { message, type, ...detail } });

export const missing = (object: string, id: string, param = 'id'): Reply =>
  refused(404, `No such ${object}: '${id}'`, { code: 'resource_missing', param });

export const unknownParam = (param: string): Reply =>
  refused(400, `Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });

export const invalid = (param: string, message: string): Reply =>
  refused(400, message, { code: 'parameter_invalid', param });
