import { randomUUID } from 'node:crypto';
import { json, type Reply } from '../../http.ts';

interface Detail {
  message: string;
  code?: string;
  in?: string;
  context?: Record<string, string[]>;
}

export const apiError = (status: number, category: string, message: string, errors: Detail[] = []): Reply =>
  json(status, {
    status: 'error',
    message,
    correlationId: randomUUID(),
    category,
    ...(errors.length > 0 ? { errors } : {}),
  });

/** The OAuth endpoint speaks two dialects at once: RFC 6749's names and HubSpot's own status. */
export const oauthError = (status: number, error: string, code: string, description: string): Reply =>
  json(status, { error, error_description: description, status: code, message: description });

export const invalid = (message: string, errors?: Detail[]): Reply =>
  apiError(400, 'VALIDATION_ERROR', message, errors);
