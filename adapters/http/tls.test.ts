import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createHttp } from './client.ts';

/** Certificates are made by OpenSSL, which is on every Debian; elsewhere this is left out. */
const TEST = spawnSync('openssl', ['version']).status === 0 ? test.each : test.skip.each;

const dir = mkdtempSync(join(tmpdir(), 'biz-tls-'));
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
const at = (name: string) => readFileSync(join(dir, name), 'utf8');
const trusted = getCACertificates('default');

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test'];
const BY_AUTHORITY = ['-req', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];

/** A certificate of our own authority for this name, which lapses in so many days. */
const certificate = (name: string, host: string, days: string) => {
  writeFileSync(join(dir, `${name}.ext`), `subjectAltName=${host}`);
  openssl('req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`);
  openssl(
    'x509',
    ...BY_AUTHORITY,
    '-in',
    `${name}.csr`,
    '-out',
    `${name}.crt`,
    '-extfile',
    `${name}.ext`,
    '-days',
    days,
  );
};

beforeAll(() => {
  if (TEST !== test.each) return;
  openssl('req', '-x509', ...KEY, '-keyout', 'ca.key', '-out', 'ca.crt');
  openssl('req', '-x509', ...KEY, '-keyout', 'self.key', '-out', 'self.crt', '-addext', 'subjectAltName=IP:127.0.0.1');
  certificate('good', 'IP:127.0.0.1', '2');
  certificate('expired', 'IP:127.0.0.1', '-1');
  certificate('other', 'DNS:other.test', '2');
  setDefaultCACertificates([...trusted, at('ca.crt')]);
});
afterAll(() => {
  setDefaultCACertificates(trusted);
  rmSync(dir, { recursive: true });
});

TEST([
  ['good', null],
  ['self', 'SELF_SIGNED'],
  ['expired', 'CERT_HAS_EXPIRED'],
  ['other', 'ERR_TLS_CERT_ALTNAME_INVALID'],
])(
  'C56: with the certificate %j a call ends by %j, and nothing was sent where it is not valid',
  async (name, problem) => {
    let asked = 0;
    const server = createServer({ key: at(`${name}.key`), cert: at(`${name}.crt`) }, (_request, response) => {
      asked += 1;
      response.end('{}');
    });
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    );
    const http = createHttp({ allow: [`127.0.0.1:${port}`], origins: [], userAgent: 'test' });
    try {
      const answer = http.send({
        method: 'POST',
        url: `https://127.0.0.1:${port}/`,
        headers: { authorization: 'x' },
        body: 'x',
      });
      if (problem === null) await expect(answer).resolves.toMatchObject({ status: 200 });
      else {
        const message = new RegExp(`shows a TLS certificate that is not valid.*${problem}`);
        await expect(answer).rejects.toMatchObject({ code: 'provider_down', maybeProcessed: false });
        await expect(answer).rejects.toThrow(message);
      }
      expect(asked).toBe(problem === null ? 1 : 0);
    } finally {
      await http.close();
      await new Promise((resolve) => server.close(resolve));
    }
  },
);
