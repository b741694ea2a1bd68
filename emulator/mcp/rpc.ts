/** Versions of the protocol that the server speaks. */
export const PROTOCOLS = ['2025-03-26', '2025-06-18', '2025-11-25'];
export const LATEST = '2025-11-25';

export type Rpc = { result: unknown } | { error: { code: number; message: string } };

export const resultOf = (result: unknown): Rpc => ({ result });

export const failure = (code: number, message: string): Rpc => ({ error: { code, message } });
