// The page of a connect session. It talks to the public API alone, with the session's token: a portal can do all of this.
import { formOf } from './form.js';
import { button, el, fieldOf, show, say } from './parts.js';
import { ask, claim, forget, isClaimed, remembered, remember, trouble } from './session.js';
import { namedConnection, signInFor } from './sign-in.js';

/** @type {{ id: string, tenantName: string, state: string, connectors: any[], isReconnect: boolean, expiresAt: string, portalOrigins: string[] }} */
let session;

/** Categories as people say them. */
const KINDS = {
  crm: 'Customers',
  cms: 'Website',
  ecommerce: 'Shop',
  analytics: 'Reports',
  email: 'E-mail',
  ads: 'Advertising',
  social: 'Social media',
  payments: 'Payments',
  communication: 'Messages',
  storage: 'Files',
  llm: 'AI models',
  tasks: 'Tasks',
};
const isFramed = window.parent !== window;

const refusal = (message) =>
  show(
    'This link does not work',
    el('section', { class: 'outcome bad' }, el('h1', {}, 'This link does not work'), el('p', {}, message)),
  );

/** Whoever opened or embeds this page is told, if it is one of the sites that the session names. */
const tell = (connectionId) => {
  const other = window.opener ?? (isFramed ? window.parent : null);
  const message = { type: 'bizosaas.connect', outcome: 'connected', sessionId: session.id, connectionId };
  for (const origin of other === null ? [] : session.portalOrigins) other.postMessage(message, origin);
};

const finish = ({ id, accountName }) => {
  forget();
  tell(id);
  const who = accountName ?? 'The account';
  const last = window.opener === null ? [] : [button('Close this window', { onclick: () => window.close() })];
  show(
    'Connected',
    el(
      'section',
      { class: 'outcome good' },
      el('h1', {}, 'Connected'),
      el('p', {}, `${who} is connected to ${session.tenantName}. You can close this page.`),
      ...last,
    ),
  );
};

const pick = () => {
  const until = new Date(session.expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const systems = session.connectors.map((connector) =>
    el(
      'li',
      {},
      button(
        [
          el('span', { class: 'mark', 'aria-hidden': 'true' }, connector.title.charAt(0)),
          el('span', {}, connector.title, el('small', {}, KINDS[connector.category] ?? connector.category)),
        ],
        { onclick: () => fill(connector) },
      ),
    ),
  );
  show(
    `Connect a system to ${session.tenantName}`,
    el(
      'section',
      {},
      el('h1', {}, `Connect a system to ${session.tenantName}`),
      el('p', { class: 'quiet' }, `Choose what to connect. This link works until ${until}.`),
      el('ul', { class: 'systems' }, ...systems),
    ),
  );
};

/** In a frame the vendor would not appear, and its cookie would not come back: a window of its own does both. */
const openWindow = async () => {
  window.open('/connect/', 'bizosaas-connect', 'popup,width=520,height=760');
  say('Go on in the new window.');
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const { connection } = await ask('GET', '/status');
    if (connection !== null) return finish(connection);
  }
};

const submit = async (wish, flow) => {
  if (flow === 'form') return finish(await ask('POST', '/connect', wish));
  remember({ connectorId: wish.connectorId, method: wish.method });
  if (isFramed) return openWindow();
  const { authorizeUrl } = await ask('POST', '/authorize', wish);
  window.location.assign(authorizeUrl);
  return undefined;
};

/** One system's form: its ways to connect, the fields of the chosen way, and what was wrong with the last try. */
const fill = (connector, methodId = connector.auth[0].id, failed = null) => {
  const method = connector.auth.find(({ id }) => id === methodId) ?? connector.auth[0];
  const fields = method.fields.map(fieldOf);
  const other = el(
    'label',
    { class: 'check', hidden: true },
    el('input', { type: 'checkbox' }),
    'Connect this other account',
  );
  const go = button(method.flow === 'form' ? 'Connect' : `Continue to ${connector.title}`, {
    type: 'submit',
    class: 'primary',
  });

  const offerOther = ({ code, errors = [] }) => {
    const isAsked = errors.length === 0 || errors.some(({ path }) => path === 'acceptOtherAccount');
    if (code === 'conflict' && isAsked) other.hidden = false;
  };
  const send = async (filled) => {
    const accept = other.querySelector('input').checked ? { acceptOtherAccount: true } : {};
    try {
      await submit({ connectorId: connector.id, method: method.id, fields: filled, ...accept }, method.flow);
    } catch (problem) {
      if (problem.status === 401) return refusal(problem.detail);
      offerOther(problem);
      throw problem;
    }
    return undefined;
  };

  const ways = connector.auth.map(({ id, title }) => {
    const choose = () => fill(connector, id);
    const radio = el('input', { type: 'radio', name: 'way', value: id, checked: id === method.id, onchange: choose });
    return el('label', {}, radio, title);
  });
  const back = session.connectors.length > 1 ? [button('← All systems', { class: 'plain', onclick: pick })] : [];
  const choice =
    ways.length > 1 ? [el('fieldset', { class: 'ways' }, el('legend', {}, 'How to connect'), ...ways)] : [];
  const title = `${session.isReconnect ? 'Connect again: ' : 'Connect '}${connector.title}`;
  const hint =
    method.flow === 'form'
      ? 'What you enter is tested first, then kept encrypted. It is never shown again.'
      : `You say yes at ${connector.title} itself, then you come back here.`;
  const saying = `${method.flow === 'form' ? 'Asking' : 'Going to'} ${connector.title}…`;
  const form = formOf({ fields, go, before: choice, after: [other], saying, send });
  show(
    title,
    el('section', {}, ...back, el('h1', {}, title), el('p', { class: 'quiet' }, hint), ...form.parts),
    ways.length > 1 && document.activeElement?.name === 'way' ? `input[value="${CSS.escape(method.id)}"]` : 'h1',
  );
  if (failed !== null) {
    offerOther(failed);
    form.complain(failed);
  }
};

/** From a link, from the link of a note, or from before the browser went to the vendor. False: none of these. */
const openSession = async () => {
  const link = window.location.hash.slice(1);
  const connectionId = namedConnection();
  if (link !== '') await claim(link);
  else if (connectionId !== null) await signInFor(connectionId);
  return isClaimed();
};

const start = async () => {
  try {
    if (!(await openSession())) return refusal('Open the whole link that you were sent, or ask for a new one.');
    session = await ask('GET', '');
    const { connection } = await ask('GET', '/status');
    if (connection !== null) return finish(connection);
    const chosen = remembered();
    const failed = trouble();
    const only = session.connectors.length === 1 ? session.connectors[0] : undefined;
    const connector = session.connectors.find(({ id }) => id === chosen?.connectorId) ?? only;
    return connector === undefined ? pick() : fill(connector, chosen?.method, failed);
  } catch (problem) {
    return refusal(problem.detail);
  }
};

await start();
