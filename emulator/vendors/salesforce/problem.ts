import { json, type Reply } from '../../http.ts';

/** Errors come as a list, also when there is one. */
export const problem = (status: number, errorCode: string, message: string, fields?: string[]): Reply =>
  json(status, [{ message, errorCode, ...(fields && { fields }) }]);
