// The link of a note names a connection and holds no token: whoever opens it signs in, and is given a session for just that one.
import { formOf } from './form.js';
import { button, el, fieldOf, show } from './parts.js';
import { call, claim } from './session.js';

const ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const PLATFORM = 'platform';
/** Roles as people say them. */
const ROLES = {
  tenant_user: 'user',
  tenant_admin: 'administrator',
  platform_admin: 'platform administrator',
  super_admin: 'platform owner',
};

/** The connection that the address names; null: none. */
export const namedConnection = () => new URLSearchParams(window.location.search).get('connection');

const signInHere = () => document.querySelector('meta[name="sign-in"]').content;

const logIn = (wanted) =>
  call('POST', '/auth/dev-login', wanted, null).catch((problem) => {
    const errors = problem.status === 401 ? [{ path: 'email', message: 'is not known here' }] : problem.errors;
    return Promise.reject({ ...problem, errors });
  });

/** Why this login gets no session for the connection, in words for whoever signed in. */
const inWords = (problem, { role, tenantName }) => {
  const company = tenantName ?? 'that company';
  const said = {
    403: `This login may not reconnect it: for ${company} it is a ${ROLES[role]}, and this takes an administrator. Ask one of them to open the link.`,
    404: `This login cannot reconnect it: ${company} has no such connection. Sign in for the company that it belongs to.`,
  };
  return { ...problem, detail: said[problem.status] ?? problem.detail };
};

/** The login's token is used here once and kept nowhere: from then on the session's token does everything. */
const openSession = async ({ connectionId, done }, token, acting, headers = {}) => {
  const { url } = await call('POST', '/connect-sessions', { connectionId }, token, headers).catch((problem) =>
    Promise.reject(inWords(problem, acting)),
  );
  await claim(new URL(url).hash.slice(1));
  done();
};

/** One question on a page of its own. */
const question = (mend, { title, hint, field, label, saying, send, isFirst = false }) => {
  const go = button(label, { type: 'submit', class: 'primary' });
  const { parts } = formOf({ fields: [fieldOf({ secret: false, ...field })], go, saying, send });
  const back = isFirst ? [] : [button('← Another address', { class: 'plain', onclick: () => who(mend) })];
  show(title, el('section', {}, ...back, el('h1', {}, title), el('p', { class: 'quiet' }, hint), ...parts));
};

/** People of the platform belong to no company, so they name the one that they act for. */
const whichTenant = (mend, token, acting) =>
  question(mend, {
    title: 'For which company?',
    hint: 'This login is of the platform.',
    field: {
      name: 'tenantId',
      kind: 'text',
      title: 'Id of the company',
      help: 'The note that you were sent names it.',
    },
    label: 'Continue',
    saying: 'One moment…',
    async send({ tenantId = '' }) {
      if (!ID.test(tenantId)) {
        const errors = [{ path: 'tenantId', message: 'is not an id' }];
        throw { detail: 'Enter the company’s id as the note names it.', errors };
      }
      await openSession(mend, token, acting, { 'X-Tenant-Id': tenantId });
    },
  });

const goOn = async (mend, token, acting) =>
  acting.tenantId === null ? whichTenant(mend, token, acting) : openSession(mend, token, acting);

const whichRole = (mend, email, token, all) => {
  const valueOf = ({ tenantId }) => tenantId ?? PLATFORM;
  const options = all.map((one) => [valueOf(one), `${one.tenantName ?? 'The platform'} (${ROLES[one.role]})`]);
  question(mend, {
    title: 'For which company?',
    hint: `${email} may act for several.`,
    field: { name: 'company', kind: 'choice', title: 'Company', help: 'The one whose connection it is.', options },
    label: 'Continue',
    saying: 'One moment…',
    async send({ company }) {
      const acting = all.find((one) => valueOf(one) === company);
      // The first token is for the first role.
      const isFirst = acting === all[0];
      await goOn(mend, isFirst ? token : (await logIn({ email, tenantId: acting.tenantId })).token, acting);
    },
  });
};

const who = (mend) =>
  question(mend, {
    title: 'Sign in to reconnect',
    hint: 'A connection needs its account again. This is a development system: your address alone signs you in.',
    field: { name: 'email', kind: 'email', title: 'E-mail address', help: 'The one that your company knows you by.' },
    label: 'Sign in',
    saying: 'Signing in…',
    isFirst: true,
    async send({ email }) {
      const { token, mayActAs } = await logIn({ email });
      return mayActAs.length > 1 ? whichRole(mend, email, token, mayActAs) : goOn(mend, token, mayActAs[0]);
    },
  });

/** Done when there is a session for this connection. */
export const signInFor = async (connectionId) => {
  if (!ID.test(connectionId)) throw { detail: 'Open the whole link that you were sent, or ask for a new one.' };
  if (signInHere() !== 'development') {
    throw {
      detail:
        'It needs a sign-in, and sign-in pages come with the portals: until then, ask an administrator of your company for a connect link.',
    };
  }
  await new Promise((done) => who({ connectionId, done }));
};
