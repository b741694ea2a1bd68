import { randomUUID } from 'node:crypto';
import { escapeHtml, type Reply } from '../../http.ts';

export type Tree = string | number | boolean | Tree[] | { [name: string]: Tree | undefined };

/** Elements by name; a list repeats its element, undefined leaves it out. */
const inside = (tree: Tree): string => {
  if (typeof tree !== 'object') return escapeHtml(String(tree));
  return Object.entries(tree)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, one] as const))
    .map(([name, one]) => (one === undefined ? '' : `<${name}>${inside(one)}</${name}>`))
    .join('');
};

export const xml = (status: number, name: string, tree: Tree): Reply => ({
  status,
  headers: { 'content-type': 'application/xml', ...requestId() },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside(tree)}</${name}>`,
});

export const nothing = (status: number, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { ...requestId(), ...headers },
});

export const failed = (status: number, code: string, message: string, more: { [name: string]: Tree } = {}): Reply => {
  const id = randomUUID();
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inside({ Code: code, Message: message, ...more, RequestId: id, HostId: id })}</Error>`;
  return { status, headers: { 'content-type': 'application/xml', 'x-amz-request-id': id }, body };
};

const requestId = () => ({ 'x-amz-request-id': randomUUID(), 'x-amz-id-2': randomUUID() });
