import { json, type Reply } from '../../http.ts';

export const wcError = (status: number, code: string, message: string, data: Record<string, unknown> = {}): Reply =>
  json(status, { code, message, data: { status, ...data } });

export const invalidParam = (name: string, why: string): Reply =>
  wcError(400, 'rest_invalid_param', `Invalid parameter(s): ${name}`, { params: { [name]: why } });

export const missingParam = (name: string): Reply =>
  wcError(400, 'rest_missing_callback_param', `Missing parameter(s): ${name}`, { params: [name] });
