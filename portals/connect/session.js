// The session's token, and how the API is asked with it.
const TOKEN = 'bizosaas.connect.token';
const CHOICE = 'bizosaas.connect.choice';
const TROUBLE = 'biz_connect_trouble';

const lost = { status: 0, code: 'unavailable', detail: 'The server does not answer. Check the network and try again.' };

/** The answer's body; what is thrown is a problem as the API states it. */
export const call = async (method, path, body, token, headers = {}) => {
  const answer = await fetch(`/api/v1${path}`, {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    headers: {
      ...headers,
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

export const ask = (method, path, body) => call(method, `/connect-session${path}`, body, stored(TOKEN));

/** Leaves nothing of a link in the address, and uses its token up. */
export const claim = async (link) => {
  history.replaceState(null, '', '/connect/');
  sessionStorage.removeItem(TOKEN);
  sessionStorage.removeItem(CHOICE);
  const { token } = await call('POST', '/connect-session/claim', { token: link }, null);
  sessionStorage.setItem(TOKEN, token);
};

export const isClaimed = () => stored(TOKEN) !== null;

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
