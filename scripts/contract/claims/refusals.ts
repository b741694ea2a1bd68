import { Fault, isFault } from '../../../ports/errors.ts';
import type { Claim } from '../claim.ts';
import { expect } from '../claim.ts';
import { scan } from '../scan.ts';

const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );
const said = (error: unknown) => (error instanceof Fault ? `${error.code}: ${error.message}` : String(error));

export const refusalClaims: Claim[] = [
  {
    id: 'connects',
    title: 'a good credential is proved and names its account; a wrong one is refused as such',
    per: 'connector',
    applies: () => null,
    async check({ ground, given, connected }) {
      const account = await connected.connectors.test(connected.connection);
      expect(account.accountId !== '' && account.accountName !== '', 'the account has no name');
      const settings = given.settings(ground.emulator);
      const way = { connectorId: given.connector, methodId: given.method, settings };
      const error = await thrown(connected.connectors.verify(way, given.wrong));
      expect(isFault(error, 'credential_rejected', 'grant_revoked'), `a wrong credential: ${said(error)}`);
    },
  },
  {
    id: 'lapsed token',
    title: 'a lapsed token is renewed once and nobody notices; a withdrawn grant is said to be one',
    per: 'connector',
    applies: ({ given, ground }) => {
      try {
        return ground.emulator.control.oauth(given.vendor).grant().refreshToken === null
          ? 'its tokens are not renewed'
          : null;
      } catch {
        return 'it has no tokens that lapse';
      }
    },
    async check(subject) {
      const { ground, given, connected } = subject;
      const oauth = ground.emulator.control.oauth(given.vendor);
      oauth.expireTokens();
      await scan(subject);
      expect(connected.renewals() === 1, `the token was renewed ${connected.renewals()} times`);
      oauth.revoke();
      const error = await thrown(scan(subject));
      expect(isFault(error, 'grant_revoked', 'credential_rejected'), `a withdrawn grant: ${said(error)}`);
    },
  },
  {
    id: 'refusals',
    title: 'each documented refusal becomes the fault that it means',
    per: 'connector',
    applies: ({ given }) => (given.errors.length === 0 ? 'none is given' : null),
    async check(subject) {
      const { ground, given, connected } = subject;
      const { faults } = ground.emulator.control;
      const named = new Set(given.errors.map(({ name }) => name));
      for (const due of ['expired', 'forbidden', 'missing', 'throttled', 'invalid']) {
        expect(named.has(due), `its case gives no refusal that is called ${due}`);
      }
      for (const { name, status, headers, body, fault, retryAfterMs } of given.errors) {
        // Three times: a lapsed token is renewed and asked with again; what was too fast is asked up to thrice.
        const path = `/${given.vendor}${given.faultsAt ?? ''}`;
        faults.add({ match: { path }, kind: 'status', status, body, times: 3, ...(headers && { headers }) });
        const error = await thrown(scan(subject));
        faults.clear();
        expect(isFault(error, fault), `${name}: ${said(error)}, not ${fault}`);
        if (retryAfterMs !== undefined) {
          expect(error.retryAfterMs === retryAfterMs, `${name}: wait ${error.retryAfterMs} ms, not ${retryAfterMs}`);
        }
        for (const secret of connected.secrets()) {
          expect(
            !`${error.message}${JSON.stringify(error.fields)}`.includes(secret),
            `${name}: the fault tells a secret`,
          );
        }
      }
    },
  },
  {
    id: 'garbage',
    title: 'a page of HTML, half an answer and no answer are typed, and the next try works',
    per: 'connector',
    applies: () => null,
    async check(subject) {
      const { ground, given } = subject;
      const { faults } = ground.emulator.control;
      const path = `/${given.vendor}${given.faultsAt ?? ''}`;
      for (const kind of ['html', 'reset', 'cut'] as const) {
        faults.add({ match: { path }, kind });
        const error = await thrown(scan(subject));
        faults.clear();
        expect(isFault(error, 'provider_down', 'provider_garbage'), `${kind}: ${said(error)}`);
      }
      await scan(subject);
    },
  },
  {
    id: 'no secret',
    title: 'no credential in a URL that the vendor, or a proxy, writes down',
    per: 'connector',
    applies: () => null,
    async check(subject) {
      await scan(subject);
      const seen = subject.ground.emulator.control.requests().map(({ path }) => decodeURIComponent(path));
      for (const secret of subject.connected.secrets()) {
        expect(!seen.some((path) => path.includes(secret)), 'a credential stands in a URL');
      }
    },
  },
];
