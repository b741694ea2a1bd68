// A source as fast as can be: pages of records made once, sent as they are. `node bench/engine/source.ts <records> <page>`.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [records = 0, size = 0] = process.argv.slice(2).map(Number);
const BASE_MS = Date.parse('2026-01-01T00:00:00Z');

const record = (place: number) => ({
  id: String(place),
  email: `person${place}@example.com`,
  first_name: `First${place % 977}`,
  last_name: `Last${place % 1409}`,
  phone: `+4930${1_000_000 + place}`,
  company: `Company ${place % 311}`,
  updated_at: new Date(BASE_MS + place * 1000).toISOString(),
});

const page = (from: number): Buffer => {
  const items = Array.from({ length: Math.min(size, records - from) }, (_, at) => record(from + at));
  const next = from + size < records ? String(from + size) : null;
  return Buffer.from(JSON.stringify({ data: items, next }));
};
const pages = new Map<number, Buffer>();

const server = createServer((request, response) => {
  const from = Number(new URL(request.url ?? '/', 'http://source').searchParams.get('after') ?? 0);
  // A million records would not fit: those are made as they are asked for.
  const body = pages.get(from) ?? page(from);
  if (records <= 200_000) pages.set(from, body);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.on('disconnect', () => process.exit(0));
