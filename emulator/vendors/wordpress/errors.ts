import { json, type Reply } from '../../http.ts';

export const wpError = (status: number, code: string, message: string, data: Record<string, unknown> = {}): Reply =>
  json(status, { code, message, data: { status, ...data } });

export const invalidParam = (name: string, why: string): Reply =>
  wpError(400, 'rest_invalid_param', `Invalid parameter(s): ${name}`, { params: { [name]: why } });

export const noRoute = (): Reply =>
  wpError(404, 'rest_no_route', 'No route was found matching the URL and request method.');
