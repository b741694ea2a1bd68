import { json, type Reply } from '../../http.ts';

export const problem = (status: number, code: string, message: string, details: Record<string, unknown> = {}): Reply =>
  json(status, { code, details, message, status: 'error' });

/** What became of one record of a write. */
export interface Outcome {
  /** What the whole answer's status would be if this record were the only one. */
  alone: number;
  told: { code: string; details: Record<string, unknown>; message: string; status: 'success' | 'error' };
}

export const failed = (
  alone: number,
  code: string,
  message: string,
  details: Record<string, unknown> = {},
): Outcome => ({
  alone,
  told: { code, details, message, status: 'error' },
});

/** Each record has its own verdict; the status is that of all where they agree, and 207 where they do not. */
export function verdicts(outcomes: Outcome[]): Reply {
  const [first] = outcomes;
  const agreed = outcomes.every(({ alone }) => alone === first?.alone);
  return json(agreed ? (first?.alone ?? 400) : 207, { data: outcomes.map(({ told }) => told) });
}
