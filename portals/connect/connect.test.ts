import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { seedPlatformRole } from '../../adapters/postgres/identity.ts';
import { aTenant } from '../../adapters/postgres/testing-data.ts';
import { Email } from '../../ports/ids.ts';
import type { Principal, Role } from '../../ports/identity.ts';
import { openApi } from '../../api/testing.ts';
import type { TestApi } from '../../api/testing.ts';
import { aRunningConnection, authorizeHubspot } from '../../workers/testing/connections.ts';
import type { OpenedConnection } from '../../workers/testing/connections.ts';
import { openGround } from '../../workers/testing/ground.ts';
import type { Ground } from '../../workers/testing/ground.ts';
import { freePort } from '../../scripts/lib/ports.ts';
import { until } from '../../workers/testing/until.ts';
import { refreshUpdate } from '../../workflows/connection.ts';

const PROGRAM = process.env.TEST_CHROMIUM;
const PASSWORD = 'abcd EFGH ijkl MNOP qrst UVWX';
const PHONE = { width: 360, height: 740 };

interface Violation {
  id: string;
  help: string;
  nodes: { html: string }[];
}

let ground: Ground;
let api: TestApi;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let as: Principal;
let troubles: string[];
let portal: { origin: string; close: () => void };

const PORTAL_PAGE = `<!doctype html><title>A portal</title><script>
  globalThis.told = [];
  addEventListener('message', ({ data, origin }) => told.push({ data, origin }));
  globalThis.frameOf = (src) => document.body.append(Object.assign(document.createElement('iframe'), { src }));
</script><body>`;

const openPortal = async (): Promise<typeof portal> => {
  const server = createServer((_, res) => void res.setHeader('Content-Type', 'text/html').end(PORTAL_PAGE));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
};

const onPage = PROGRAM === undefined ? describe.skip : describe;

onPage('the connect page, in Chromium on a phone, by keyboard', () => {
  beforeAll(async () => {
    const port = await freePort();
    portal = await openPortal();
    ground = await openGround();
    await ground.worker.start();
    const { ports, client } = ground;
    api = await openApi({
      ports,
      temporal: client,
      port,
      settings: { publicUrl: `http://127.0.0.1:${port}`, portalOrigins: [portal.origin] },
    });
    browser = await chromium.launch({
      ...(PROGRAM === undefined ? {} : { executablePath: PROGRAM }),
      args: ['--no-sandbox', '--disable-gpu'],
    });
  });
  afterAll(async () => {
    await browser.close();
    await api[Symbol.asyncDispose]();
    await ground.close();
    portal.close();
  });
  beforeEach(async () => {
    ground.emulator.control.reset();
    const tenantId = await aTenant(ground.ports);
    const email = Email.parse(`owner-${tenantId.slice(0, 8)}@acme.test`);
    const userId = await ground.ports.identity.addMembership(tenantId, email, 'tenant_admin');
    as = { userId, email, role: 'tenant_admin', tenantId };
    // Axe is put in by the test, past the page's own policy, which the page itself is held to.
    context = await browser.newContext({ viewport: PHONE, reducedMotion: 'reduce', hasTouch: true });
    page = await context.newPage();
    troubles = [];
    page.on('pageerror', (error) => void troubles.push(String(error)));
    page.on('console', (line) => void (line.text().includes('Content Security Policy') && troubles.push(line.text())));
  });
  afterEach(async () => {
    expect(troubles).toEqual([]);
    await context.close();
  });

  const newLink = async (wanted: object = {}): Promise<{ url: string; id: string }> => {
    const { json } = await api.post('/api/v1/connect-sessions', { as, body: wanted });
    return { url: String(json.url), id: String(json.id) };
  };
  const stateOf = async (id: string) => (await api.get(`/api/v1/connect-sessions/${id}`, { as })).json.state;
  const heading = (text: string | RegExp) => page.getByRole('heading', { level: 1, name: text }).waitFor();

  /** In both colour schemes: nothing that axe finds, and nothing wider than the phone. */
  const isFine = async (what: string): Promise<void> => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe.source);
      const found = await page.evaluate<Violation[]>(
        "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((r) => r.violations)",
      );
      const told = found.map(({ id, help, nodes }) => `${what}, ${colorScheme}: ${id}: ${help}: ${nodes[0]?.html}`);
      expect(told).toEqual([]);
    }
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect([what, wide <= PHONE.width]).toEqual([what, true]);
  };

  const focused = () =>
    page.evaluate<string>(
      "(({ tagName, id, textContent, name, type }) => [tagName, id || textContent.trim() || name, type].join(' '))(document.activeElement)",
    );

  /** Tab by Tab, as a person without a mouse goes there. */
  const tabTo = async (what: RegExp): Promise<void> => {
    const seen: string[] = [];
    for (let presses = 0; presses < 60; presses += 1) {
      const now = await focused();
      if (what.test(now)) return;
      seen.push(now);
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab never comes to ${what.source}: ${seen.join(' | ')}`);
  };
  const fill = async (field: string, text: string): Promise<void> => {
    await tabTo(new RegExp(`^(INPUT|TEXTAREA) field-${field}`));
    await page.keyboard.press('Control+A');
    await page.keyboard.type(text);
  };

  test('a form: the wrong password is named at its field, the right one connects, and the link is used up', async () => {
    const { url, id } = await newLink();
    await page.goto(url);
    await heading(/Connect a system to Acme/);
    expect(page.url()).toBe(`${api.url}/connect/`);
    await isFine('the systems');

    await tabTo(/WordPress/);
    await page.keyboard.press('Enter');
    await heading('Connect WordPress');
    expect(await focused()).toMatch(/^H1/);
    await isFine('the form');

    await fill('site_url', `${ground.emulator.url}/wordpress/demo`);
    await fill('username', 'owner');
    await fill('application_password', 'wron gwro ngwr ongw rong wron');
    await page.keyboard.press('Enter');
    const wrong = page.locator('#field-application_password-wrong');
    await wrong.waitFor();
    expect(await wrong.textContent()).toMatch(/application password is not \(or no longer\) valid/);
    expect(await focused()).toMatch(/^INPUT field-application_password/);
    expect(await page.getAttribute('#field-application_password', 'aria-invalid')).toBe('true');
    expect(await page.getAttribute('#field-site_url', 'aria-invalid')).toBeNull();
    await isFine('the form with its error');
    expect(await stateOf(id)).toBe('claimed');

    await fill('application_password', PASSWORD);
    await tabTo(/^BUTTON Connect submit/);
    await page.keyboard.press('Enter');
    await heading('Connected');
    await isFine('the end');
    expect(await stateOf(id)).toBe('connected');

    const other = await context.newPage();
    await other.goto(url);
    await other.getByRole('heading', { level: 1, name: 'This link does not work' }).waitFor();
    expect(await other.textContent('main')).toContain('used already');
    page = other;
    await isFine('a used link');
  });

  test('a vendor’s page: no is told and can be tried again, yes connects', async () => {
    const { url, id } = await newLink({ connectors: ['hubspot'] });
    const decide = async (decision: 'Approve' | 'Deny') => {
      await heading(/emulated HubSpot/);
      await tabTo(new RegExp(`^BUTTON ${decision}`));
      await page.keyboard.press('Enter');
    };
    await page.goto(url);
    await heading('Connect HubSpot');
    await tabTo(/^BUTTON Continue to HubSpot/);
    await page.keyboard.press('Enter');
    await decide('Deny');
    await heading('Connect HubSpot');
    expect(await page.getByRole('alert').textContent()).toContain('nothing was connected');
    await isFine('after a denial');

    await tabTo(/^BUTTON Continue to HubSpot/);
    await page.keyboard.press('Enter');
    await decide('Approve');
    await heading('Connected');
    expect(page.url()).toBe(`${api.url}/connect/`);
    await isFine('connected at the vendor’s');
    expect(await stateOf(id)).toBe('connected');
    await page.reload();
    await heading('Connected');
  });

  test('every system’s form is fine, with each of its ways to connect', async () => {
    await page.goto((await newLink()).url);
    await heading(/Connect a system to/);
    const names = await page.locator('.systems button > span:last-child').allInnerTexts();
    expect(names.length).toBeGreaterThan(2);
    for (const [index, name] of names.entries()) {
      await page.locator('.systems button').nth(index).click();
      await heading(/^Connect /);
      const ways = page.locator('input[name="way"]');
      for (let way = 0; way < Math.max(1, await ways.count()); way += 1) {
        if ((await ways.count()) > 0) await ways.nth(way).check();
        await isFine(`${name.split('\n')[0]}, way ${way + 1}`);
      }
      await page.getByRole('button', { name: /All systems/ }).click();
    }
  });

  test('empty fields are each named, in words, and spoken', async () => {
    await page.goto((await newLink({ connectors: ['wordpress'] })).url);
    await heading('Connect WordPress');
    await tabTo(/^BUTTON Connect submit/);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    for (const field of ['site_url', 'username', 'application_password']) {
      expect(await page.locator(`#field-${field}-wrong`).innerText()).not.toBe('');
    }
    expect(await focused()).toMatch(/^INPUT field-site_url/);
    await isFine('all fields wrong');
  });

  test.each(['a window of its own', 'a frame'] as const)(
    'a portal that the deployment names may show it in %s, and is told how it ended',
    async (how) => {
      const { url, id } = await newLink({ connectors: ['wordpress'] });
      await page.goto(portal.origin);
      await connectIn(how, url);
      const told = await until(
        'the portal is told',
        () => page.evaluate<object[]>('told'),
        ({ length }) => length > 0,
      );
      expect(told).toEqual([
        {
          origin: api.url,
          data: { type: 'bizosaas.connect', outcome: 'connected', sessionId: id, connectionId: expect.any(String) },
        },
      ]);
    },
  );

  test('a vendor’s page is gone to in a window beside the frame, and the frame learns how it ended', async () => {
    const { url, id } = await newLink({ connectors: ['hubspot'] });
    await page.goto(portal.origin);
    await page.evaluate(`frameOf(${JSON.stringify(url)})`);
    const frame = page.frameLocator('iframe');
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      frame.getByRole('button', { name: 'Continue to HubSpot' }).click(),
    ]);
    await popup.getByRole('button', { name: 'Continue to HubSpot' }).click();
    await popup.getByRole('button', { name: 'Approve' }).click();
    await popup.getByRole('heading', { level: 1, name: 'Connected' }).waitFor();
    await frame.getByRole('heading', { level: 1, name: 'Connected' }).waitFor();
    const told = await page.evaluate<{ data: object }[]>('told');
    expect(told.map(({ data }) => data)).toContainEqual(expect.objectContaining({ sessionId: id }));
  });

  test('another site is told nothing, and may not show it in a frame', async () => {
    const stranger = portal.origin.replace('127.0.0.1', 'localhost');
    const { url } = await newLink({ connectors: ['wordpress'] });
    await page.goto(stranger);
    await connectIn('a window of its own', url);
    expect(await page.evaluate('told')).toEqual([]);
    await page.evaluate(`frameOf(${JSON.stringify((await newLink()).url)})`);
    await until(
      'the frame is refused',
      () => troubles.splice(0),
      (lines) => lines.some((line) => line.includes('frame-ancestors')),
    );
  });

  /** What the portal's page does, and then the person in what it shows. */
  const connectIn = async (how: 'a window of its own' | 'a frame', url: string): Promise<void> => {
    const shown =
      how === 'a frame'
        ? (await page.evaluate(`frameOf(${JSON.stringify(url)})`), page.frameLocator('iframe'))
        : (await Promise.all([page.waitForEvent('popup'), page.evaluate(`void open(${JSON.stringify(url)})`)]))[0];
    await shown.locator('#field-site_url').fill(`${ground.emulator.url}/wordpress/demo`);
    await shown.locator('#field-username').fill('owner');
    await shown.locator('#field-application_password').fill(PASSWORD);
    await shown.getByRole('button', { name: 'Connect', exact: true }).click();
    await shown.getByRole('heading', { level: 1, name: 'Connected' }).waitFor();
  };

  test('what a vendor’s redirect shows without the page looks the same, and is fine', async () => {
    await page.goto(`${api.url}/api/v1/oauth/callback/hubspot?state=nonsense&code=x`);
    await heading('Not connected');
    await isFine('the callback’s page');
  });

  describe('the link of a note about a dead connection', () => {
    /** HubSpot took its grant back, and whoever owns the tenant was sent a note. */
    const aDeadConnection = async (): Promise<OpenedConnection & { url: string }> => {
      const tenant = as.tenantId ?? undefined;
      const opened = await aRunningConnection(ground, 'hubspot', tenant === undefined ? {} : { tenant });
      const { view } = await authorizeHubspot(ground, opened);
      ground.emulator.control.oauth('hubspot').revoke();
      const refresh = { args: [{ observedVersion: view.secretVersion }] as [{ observedVersion: number }] };
      await expect(opened.handle.executeUpdate(refreshUpdate, refresh)).rejects.toThrow();
      expect((await opened.row()).state).toBe('reauth_required');
      const inbox = () => ground.ports.notifier.inbox(opened.tenantId, as.userId);
      const [note] = await until('the owner is told', inbox, ({ length }) => length > 0);
      return { ...opened, url: `${api.url}${note?.link}` };
    };
    const member = async (name: string, role: Role, tenantId = as.tenantId): Promise<string> => {
      const email = Email.parse(`${name}-${tenantId?.slice(0, 8)}@acme.test`);
      if (tenantId !== null) await ground.ports.identity.addMembership(tenantId, email, role);
      return email;
    };
    const signIn = async (email: string) => {
      await heading('Sign in to reconnect');
      await fill('email', email);
      await page.keyboard.press('Enter');
    };
    const press = async (what: RegExp) => {
      await tabTo(what);
      await page.keyboard.press('Enter');
    };
    const approve = async () => {
      await heading('Connect again: HubSpot');
      await press(/^BUTTON Continue to HubSpot/);
      await heading(/emulated HubSpot/);
      await press(/^BUTTON Approve/);
      await heading('Connected');
    };
    const isRefused = async (why: RegExp) => {
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).toMatch(why);
    };

    test('its owner signs in and connects the same connection again; the login’s token is kept nowhere', async () => {
      const dead = await aDeadConnection();
      const tokens: string[] = [];
      page.on('response', (answer) => {
        if (answer.url().includes('dev-login')) void answer.json().then(({ token }) => tokens.push(String(token)));
      });
      await page.goto(dead.url);
      await heading('Sign in to reconnect');
      await isFine('the sign-in');
      await signIn(as.email);
      await heading('Connect again: HubSpot');
      expect(page.url()).toBe(`${api.url}/connect/`);
      await isFine('connect again');
      expect(tokens).toHaveLength(1);
      const kept = await page.evaluate<string>(
        'JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie, document.documentElement.outerHTML])',
      );
      expect(kept).toContain('bizosaas.connect.token');
      expect(kept).not.toContain(tokens[0]);

      await page.reload();
      await approve();
      await isFine('connected again');
      expect(await dead.row()).toMatchObject({ id: dead.connectionId, state: 'healthy', reason: null });
      await expect(ground.ports.connections.list(dead.tenantId)).resolves.toHaveLength(1);
    });

    test('someone of another company is told that this login cannot, and someone of the right one then can', async () => {
      const dead = await aDeadConnection();
      await page.goto(dead.url);
      await signIn(await member('stranger', 'tenant_admin', await aTenant(ground.ports)));
      await isRefused(/This login cannot reconnect it: Acme has no such connection/);
      await isFine('another company');
      expect((await dead.row()).state).toBe('reauth_required');
      await signIn(as.email);
      await heading('Connect again: HubSpot');
    });

    test('a tenant_user may not, and is told who may; an unknown address and one that is none are named', async () => {
      const dead = await aDeadConnection();
      await page.goto(dead.url);
      await signIn(await member('user', 'tenant_user'));
      await isRefused(/may not reconnect it: for Acme it is a user, and this takes an administrator/);
      await isFine('a tenant_user');
      const wrong = page.locator('#field-email-wrong');
      await signIn('nobody@nowhere.test');
      await wrong.filter({ hasText: 'is not known here' }).waitFor();
      await isFine('an unknown address');
      await signIn('nonsense');
      await wrong.filter({ hasNotText: 'is not known here' }).waitFor();
      expect(await focused()).toMatch(/^INPUT field-email/);
      expect((await dead.row()).state).toBe('reauth_required');
    });

    test('who may act for several chooses for which', async () => {
      const dead = await aDeadConnection();
      const other = await aTenant(ground.ports);
      const email = await member('both', 'tenant_user', other);
      await ground.ports.identity.addMembership(dead.tenantId, Email.parse(email), 'tenant_admin');
      await page.goto(dead.url);
      await signIn(email);
      await heading('For which company?');
      await isFine('the choice');
      const choices = page.locator('#field-company option');
      expect((await choices.allInnerTexts()).sort()).toEqual(['Acme (administrator)', 'Acme (user)']);
      await page.locator('#field-company').selectOption(other);
      await press(/^BUTTON Continue/);
      await isRefused(/may not reconnect it/);
      await page.locator('#field-company').selectOption(dead.tenantId);
      await press(/^BUTTON Continue/);
      await heading('Connect again: HubSpot');
    });

    test('people of the platform name the company that they act for', async () => {
      const dead = await aDeadConnection();
      const email = Email.parse(`platform-${dead.tenantId.slice(0, 8)}@platform.test`);
      await seedPlatformRole(ground.database.db, email, 'platform_admin');
      await page.goto(dead.url);
      await signIn(email);
      await heading('For which company?');
      await fill('tenantId', 'nonsense');
      await page.keyboard.press('Enter');
      await isRefused(/as the note names it/);
      await isFine('the platform’s question');
      await fill('tenantId', await aTenant(ground.ports));
      await page.keyboard.press('Enter');
      await until(
        'it is refused',
        () => page.getByRole('alert').textContent(),
        (told) => told?.includes('has no such connection') === true,
      );
      await fill('tenantId', dead.tenantId);
      await page.keyboard.press('Enter');
      await approve();
      expect(await dead.row()).toMatchObject({ id: dead.connectionId, state: 'healthy' });
    });

    test.each(['staging', 'production'] as const)('in %s it names who can help', async (environment) => {
      const { ports, temporal } = api.deps;
      await using deployed = await openApi({ ports, temporal, settings: { environment } });
      await page.goto(`${deployed.url}/connect/?connection=${as.tenantId}`);
      await heading('This link does not work');
      expect(await page.textContent('main')).toContain('ask an administrator of your company for a connect link');
      expect(await page.locator('input').count()).toBe(0);
      await isFine(environment);
    });

    test('half of it is no link', async () => {
      await page.goto(`${api.url}/connect/?connection=${as.tenantId?.slice(0, 20)}`);
      await heading('This link does not work');
      expect(await page.textContent('main')).toContain('Open the whole link');
    });
  });

  test('without its link there is nothing to do, and the page says so', async () => {
    await page.goto(`${api.url}/connect/`);
    await heading('This link does not work');
    await isFine('no link');
  });
});
