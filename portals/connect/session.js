// The session's token, and how the API is asked with it.
const TOKEN = 'bizosaas.connect.token';
const CHOICE = 'bizosaas.connect.choice';
const TROUBLE = 'biz_connect_trouble';

const lost = { status: 0, code: 'unavailable', detail: 'The server does not answer. Check the network and try again.' };

/** The answer's body; what is thrown is a problem as the API states it. */
const call = async (method, path, body, token) => {
  const answer = await fetch(`/api/v1/connect-session${path}`, {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    headers: {
      Accept: 'application/json',
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => Promise.reject(lost));
  const told = await answer.json().catch(() => Promise.reject(lost));
  if (!answer.ok) throw told;
  return told;
};

/** Of a window that this page opened from within a frame: storage is apart there, the opener's is at hand. */
const openers = (key) => {
  try {
    return window.opener?.sessionStorage.getItem(key) ?? null;
  } catch {
    return null;
  }
};

const stored = (key) => sessionStorage.getItem(key) ?? openers(key);

export const ask = (method, path, body) => call(method, path, body, stored(TOKEN));

/** Takes the link's token out of the address at once and uses it up. False: there is neither a link nor a session. */
export const claim = async () => {
  const link = window.location.hash.slice(1);
  if (link === '') return stored(TOKEN) !== null;
  history.replaceState(null, '', '/connect/');
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(CHOICE);
  const { token } = await call('POST', '/claim', { token: link }, null);
  sessionStorage.setItem(TOKEN, token);
  return true;
};

/** What was chosen before the browser went to the vendor. */
export const remember = (choice) => sessionStorage.setItem(CHOICE, JSON.stringify(choice));
export const remembered = () => JSON.parse(stored(CHOICE) ?? 'null');
export const forget = () => sessionStorage.removeItem(CHOICE);

/** What went wrong at the vendor: told once, by a cookie that the callback sets for this page alone. */
export const trouble = () => {
  const [, value] =
    document.cookie
      .split('; ')
      .map((pair) => pair.split('='))
      .find(([name]) => name === TROUBLE) ?? [];
  if (value === undefined) return null;
  document.cookie = `${TROUBLE}=; Path=/connect; Max-Age=0; SameSite=Lax`;
  try {
    const bytes = Uint8Array.from(atob(value.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    const { code, detail } = JSON.parse(new TextDecoder().decode(bytes));
    return { code: String(code), detail: String(detail) };
  } catch {
    return null;
  }
};
