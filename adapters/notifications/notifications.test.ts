import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { ApprovalId, Email } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { ChannelKind, NotifierPort } from '../../ports/notifications.ts';
import type { SecretPort, SecretValues } from '../../ports/secrets.ts';
import { channelSecretPath } from '../../ports/secrets.ts';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import type { Stores } from '../postgres/stores.ts';
import { postgresStores } from '../postgres/stores.ts';
import { aTenant } from '../postgres/testing-data.ts';
import type { TestDatabase } from '../postgres/testing.ts';
import { freshDatabase } from '../postgres/testing.ts';
import { envSecrets } from '../secrets/env.ts';
import { createNotifier } from './index.ts';
import { signed } from './webhook.ts';

const PUBLIC_URL = 'https://biz.test';
const SECRET_PATH = '/services/T0/B0/very-secret';
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}
let received: Received[];
/** How Slack or the tenant's endpoint answers. */
let answer: (response: ServerResponse) => void;
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    answer(response);
  });
});

interface Mail {
  to: string[];
  text: string;
}
let mails: Mail[];
/** How the mail server answers a recipient. */
let refuses: (address: string) => (Error & { responseCode: number }) | null;
let logins: number;
const mailServer = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  // Whoever would send a password in the clear could do so here.
  allowInsecureAuth: true,
  onAuth(_auth, _session, done) {
    logins += 1;
    done(null, { user: 'x' });
  },
  onRcptTo: ({ address }, _session, done) => done(refuses(address)),
  onData(stream, { envelope }, done) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      mails.push({ to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString() });
      done();
    });
  },
});

let fresh: TestDatabase;
let stores: Stores;
let dir: string;
let secrets: SecretPort;
let http: HttpClient;
let origin: string;
let smtpPort: number;
let notifier: NotifierPort;
let tenantId: TenantId;

const open = (smtp: { url: string; from: string } | null) =>
  createNotifier({
    ...{
      inbox: stores.notifier,
      channels: stores.channels,
      approvals: stores.approvals,
      secrets,
      http,
      smtp,
      publicUrl: PUBLIC_URL,
      hash,
    },
  });
const smtpAt = (login = '') => ({ url: `smtp://${login}127.0.0.1:${smtpPort}`, from: 'BizOSaaS <biz@biz.test>' });

beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
  dir = await mkdtemp(join(tmpdir(), 'notifications-'));
  secrets = envSecrets({ dir, environment: 'test' });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const listening = mailServer.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  smtpPort = (listening.address() as AddressInfo).port;
  const { port } = receiver.address() as AddressInfo;
  origin = `http://127.0.0.1:${port}`;
  http = createHttp({ allow: [`127.0.0.1:${port}`], origins: [], userAgent: 'test' });
  notifier = open(smtpAt());
});
afterAll(async () => {
  await http.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
  await new Promise<void>((resolve) => mailServer.close(resolve));
  await fresh.close();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  [received, mails, logins] = [[], [], 0];
  answer = (response) => response.end('ok');
  refuses = () => null;
  tenantId = await aTenant(stores);
});

const aChannel = async (kind: ChannelKind, values?: SecretValues) => {
  const { id } = await stores.channels.add(tenantId, { id: randomUUID(), kind, title: kind });
  const meta = { class: 'notification_channel', createdBy: 'test' } as const;
  if (values) await secrets.put(channelSecretPath(tenantId, id), 0, values, meta);
  return id;
};
const outcome = async () => (await stores.channels.list(tenantId)).at(-1)?.lastOutcome;
const note = {
  ...{ key: 'connection/1/reauth', roles: ['tenant_admin'], kind: 'connection.reauth_required' },
  ...{ subject: 'HubSpot & <Co> must be connected again', link: '/connections/1' },
};
const answering =
  (status: number, headers: Record<string, string> = {}, body = '') =>
  (response: ServerResponse) =>
    response.writeHead(status, headers).end(body);

test('Slack gets the sentence and where to mend it, with nothing in it that Slack would act upon', async () => {
  const id = await aChannel('slack', { url: `${origin}${SECRET_PATH}` });
  await notifier.deliver(tenantId, id, { ...note, subject: '<!channel> a & b' });
  expect(received.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { text: '&lt;!channel&gt; a &amp; b\nhttps://biz.test/connections/1' },
  ]);
  expect(await outcome()).toMatchObject({ ok: true, message: 'Slack took the message.' });
});

test('a webhook is signed as Standard Webhooks says: the published vector, and its own library takes it', async () => {
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const published = { id, at: new Date(1_614_265_330_000), body: '{"test": 2432232314}' };
  expect(signed(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], published)).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
  const key = `whsec_${randomBytes(32).toString('base64')}`;
  const channelId = await aChannel('webhook', { url: `${origin}/hook`, key });
  await notifier.deliver(tenantId, channelId, note);
  const [got] = received;
  const headers = (got?.headers ?? {}) as Record<string, string>;
  expect(new Webhook(key).verify(got?.body ?? '', headers)).toMatchObject({
    type: note.kind,
    data: { subject: note.subject, url: 'https://biz.test/connections/1' },
  });
  expect(() => new Webhook(key).verify(`${got?.body} `, headers)).toThrow();
});

test('C40: while a signing key is rotated, a delivery is good for who knows the old one and for who knows the new one', async () => {
  const [old, successor, other] = Array.from({ length: 3 }, () => `whsec_${randomBytes(32).toString('base64')}`);
  const published = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    at: new Date(1_614_265_330_000),
    body: '{"test": 2432232314}',
  };
  const both = signed([old ?? '', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], published)['webhook-signature'].split(' ');
  expect(both).toEqual([expect.stringMatching(/^v1,/), 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=']);

  for (const values of [
    { key: old ?? '', next: successor ?? '' },
    { key: successor ?? '', previous: old ?? '' },
  ]) {
    received.splice(0);
    await notifier.deliver(tenantId, await aChannel('webhook', { url: `${origin}/hook`, ...values }), note);
    const [got] = received;
    const takenBy = (key = '') =>
      new Webhook(key).verify(got?.body ?? '', (got?.headers ?? {}) as Record<string, string>);
    for (const known of [old, successor]) expect(takenBy(known)).toMatchObject({ type: note.kind });
    expect(() => takenBy(other)).toThrow();
  }
});

test('a key as the vault makes it signs as well; without one nothing is sent', async () => {
  const key = randomBytes(32).toString('base64url');
  await notifier.deliver(tenantId, await aChannel('webhook', { url: `${origin}/hook`, key }), note);
  const [got] = received;
  const standard = Buffer.from(key, 'base64url').toString('base64');
  const verified = new Webhook(standard).verify(got?.body ?? '', (got?.headers ?? {}) as Record<string, string>);
  expect(verified).toMatchObject({ type: note.kind });
  const unsigned = await aChannel('webhook', { url: `${origin}/hook` });
  await expect(notifier.deliver(tenantId, unsigned, note)).rejects.toMatchObject({ code: 'invalid_request' });
  expect(received).toHaveLength(1);
});

test('each fact is delivered once by each channel; what failed is tried again under the same id', async () => {
  const key = randomBytes(32).toString('base64');
  const id = await aChannel('webhook', { url: `${origin}/hook`, key });
  answer = answering(500);
  await expect(notifier.deliver(tenantId, id, note)).rejects.toMatchObject({ code: 'provider_down' });
  expect(await outcome()).toMatchObject({ ok: false });
  answer = answering(204);
  await notifier.deliver(tenantId, id, note);
  await notifier.deliver(tenantId, id, note);
  expect(received).toHaveLength(2);
  const ids = received.map(({ headers }) => headers['webhook-id']);
  expect(ids[0]).toBe(ids[1]);
  await notifier.deliver(tenantId, id, { ...note, key: 'another' });
  expect(received.at(-1)?.headers['webhook-id']).not.toBe(ids[0]);
  await notifier.deliver(tenantId, await aChannel('slack', { url: `${origin}/slack` }), note);
  expect(received).toHaveLength(4);
});

test.each([
  [answering(400, {}, 'invalid_payload'), { code: 'provider_rejected', providerCode: 'invalid_payload' }],
  [answering(404, {}, 'no_service'), { code: 'provider_rejected', providerCode: 'no_service' }],
  [answering(403, {}, '<b>secret of the inner host</b>'), { code: 'provider_rejected', providerCode: null }],
  [answering(302, { location: '/elsewhere' }), { code: 'provider_rejected' }],
  [answering(307, { location: 'http://169.254.169.254/' }), { code: 'provider_rejected' }],
  [answering(429, { 'retry-after': '7' }), { code: 'provider_rate_limited', retryAfterMs: 7000 }],
  [answering(503), { code: 'provider_down' }],
  [(response: ServerResponse) => response.destroy(), { code: 'provider_down' }],
])(
  'what the other side answers is one of few faults, asked once, with neither its URL nor its page (%#)',
  async (given, fault) => {
    answer = given;
    const id = await aChannel('slack', { url: `${origin}${SECRET_PATH}` });
    const told = await notifier.deliver(tenantId, id, note).catch((error: unknown) => error);
    expect(told).toMatchObject(fault);
    expect(received).toHaveLength(1);
    const { message } = told as Error;
    expect(message).not.toMatch(/very-secret|inner host|169\.254/);
    expect(await outcome()).toMatchObject({ ok: false, message });
  },
);

test('C46: a channel reaches public hosts only', async () => {
  const inner = await aChannel('webhook', {
    url: 'https://169.254.169.254/latest',
    key: randomBytes(32).toString('hex'),
  });
  await expect(notifier.deliver(tenantId, inner, note)).rejects.toMatchObject({ code: 'host_refused' });
  const plain = await aChannel('slack', { url: 'http://hooks.slack.com/services/x' });
  await expect(notifier.deliver(tenantId, plain, note)).rejects.toMatchObject({ code: 'host_refused' });
});

test('mail goes to those with the role, who do not see each other, and brings the sentence and the link', async () => {
  const [one, two] = ['one', 'two'].map((name) => Email.parse(`${name}-${randomUUID()}@acme.test`)) as [Email, Email];
  await stores.identity.addMembership(tenantId, one, 'tenant_admin');
  await stores.identity.addMembership(tenantId, two, 'tenant_admin');
  await stores.identity.addMembership(tenantId, Email.parse(`user-${randomUUID()}@acme.test`), 'tenant_user');
  const id = await aChannel('email');
  await notifier.deliver(tenantId, id, { ...note, subject: 'Shop\r\nBcc: mallory@evil.test', link: '/c/1' });
  await notifier.deliver(tenantId, id, { ...note, link: '/c/1' });
  const [mail] = mails;
  expect(mails).toHaveLength(1);
  expect(mail?.to.toSorted()).toEqual([one, two].sort());
  expect(mail?.text).toContain('https://biz.test/c/1');
  expect(mail?.text).toContain('From: BizOSaaS <biz@biz.test>');
  const headers = mail?.text.split('\r\n\r\n')[0] ?? '';
  expect(headers).not.toContain(one);
  expect(headers).not.toMatch(/^bcc:/im);
  expect(await outcome()).toMatchObject({ ok: true, message: 'The mail server took it for 2 of 2.' });
});

test('a mail server that refuses, waits or is away is told apart, without the addresses', async () => {
  const address = Email.parse(`one-${randomUUID()}@acme.test`);
  await stores.identity.addMembership(tenantId, address, 'tenant_admin');
  const id = await aChannel('email');
  for (const [responseCode, code] of [
    [550, 'provider_rejected'],
    [451, 'provider_down'],
  ] as const) {
    refuses = () => Object.assign(new Error(`no ${address}`), { responseCode });
    const fault = await notifier.deliver(tenantId, id, note).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code, providerCode: String(responseCode) });
    expect((fault as Error).message).not.toContain(address);
  }
  const away = open({ url: 'smtp://127.0.0.1:1', from: 'biz@biz.test' });
  await expect(away.deliver(tenantId, id, note)).rejects.toMatchObject({ code: 'provider_down' });
  refuses = () => null;
  await notifier.deliver(tenantId, id, note);
  expect(mails).toHaveLength(1);
});

test('the password of the mail server is never sent without TLS', async () => {
  await stores.identity.addMembership(tenantId, Email.parse(`one-${randomUUID()}@acme.test`), 'tenant_admin');
  const id = await aChannel('email');
  const fault = await open(smtpAt('biz:hunter2@'))
    .deliver(tenantId, id, note)
    .catch((error: unknown) => error);
  expect(fault).toMatchObject({ code: 'provider_rejected' });
  expect((fault as Error).message).not.toContain('hunter2');
  expect([logins, mails]).toEqual([0, []]);
});

test('without a mail server a mail channel says what to set, and with nobody to tell it sends nothing', async () => {
  const id = await aChannel('email');
  const told = open(null).deliver(tenantId, id, note);
  await expect(told).rejects.toMatchObject({ code: 'unsupported' });
  await expect(told).rejects.toThrow('SMTP_URL');
  await notifier.deliver(tenantId, id, note);
  expect(mails).toEqual([]);
});

test('a channel of another tenant, or one whose address is gone, is not found; inboxes need no channel', async () => {
  const id = await aChannel('slack');
  await expect(notifier.deliver(await aTenant(stores), id, note)).rejects.toMatchObject({ code: 'not_found' });
  await expect(notifier.deliver(tenantId, id, note)).rejects.toMatchObject({ code: 'not_found' });
  await expect(notifier.channels(tenantId)).resolves.toMatchObject([{ id }]);
  const owner = await stores.identity.addMembership(tenantId, Email.parse(`o-${id}@acme.test`), 'tenant_admin');
  await notifier.notify(tenantId, note);
  await expect(notifier.inbox(tenantId, owner)).resolves.toMatchObject([{ subject: note.subject }]);
});

const anApproval = async () => {
  const id = ApprovalId.parse(randomUUID());
  await stores.approvals.open({
    ...{ id, tenantId, operationId: null, connectionId: null, workflowId: 'w', kind: 'decision', subject: 's' },
    ...{ contentId: randomUUID(), contentHash: 'h', requestedBy: null },
    policy: { roles: ['tenant_admin'], remindAfterMs: 1, deadlineMs: 2, onDeadline: 'reject' },
    deadlineAt: new Date(Date.now() + 60_000).toISOString(),
  });
  return { approvalId: id, note: { ...note, link: `/api/v1/approvals/${id}`, approvalId: id } };
};
const tokenIn = (text = '') =>
  /#token=([\w-]{43})/.exec(text.replaceAll('=\r\n', '').replaceAll('=3D', '='))?.[1] ?? '';

test('C86: each letter about an approval brings a token of its own, which opens that approval once and stands nowhere else', async () => {
  const { approvalId, note: asked } = await anApproval();
  const boss = Email.parse(`boss-${randomUUID()}@acme.test`);
  const named = Email.parse(`named-${randomUUID()}@acme.test`);
  const userId = await stores.identity.addMembership(tenantId, named, 'tenant_user');
  await stores.identity.addMembership(tenantId, boss, 'tenant_admin');
  await notifier.deliver(tenantId, await aChannel('email'), { ...asked, users: [userId] });
  await notifier.deliver(tenantId, await aChannel('slack', { url: `${origin}${SECRET_PATH}` }), asked);
  await notifier.deliver(tenantId, await aChannel('webhook', { url: `${origin}/hook`, key: 'a'.repeat(40) }), asked);
  expect(mails.map(({ to }) => to)).toEqual([[boss], [named]]);
  const tokens = [...mails.map(({ text }) => tokenIn(text)), tokenIn(received[0]?.body)];
  expect(new Set(tokens).size).toBe(3);
  expect(tokenIn(received[1]?.body)).toBe('');
  for (const token of tokens) {
    await expect(stores.approvals.useLink(tenantId, token, userId)).resolves.toBeNull();
    await expect(stores.approvals.useLink(tenantId, hash(token), userId)).resolves.toBe(approvalId);
    await expect(stores.approvals.useLink(tenantId, hash(token), userId)).resolves.toBeNull();
  }
  await stores.approvals.close(tenantId, approvalId, 'approved', userId);
  await notifier.deliver(tenantId, await aChannel('email'), { ...asked, key: 'later' });
  expect(tokenIn(mails.at(-1)?.text)).toBe('');
});
