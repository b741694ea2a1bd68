// What the page is made of. Text is only ever set as text.
export const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on') || typeof value === 'boolean') node[name === 'novalidate' ? 'noValidate' : name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
};

export const button = (label, props = {}) => el('button', { type: 'button', ...props }, ...[label].flat());

/** Spoken by a screen reader, and shown below the card. */
export const say = (text) => {
  document.getElementById('said').textContent = text;
};

export const show = (title, view, focused = 'h1') => {
  const page = document.getElementById('page');
  document.title = title;
  say('');
  page.replaceChildren(view);
  page.removeAttribute('aria-busy');
  const first = page.querySelector(focused);
  if (first?.tagName === 'H1') first.tabIndex = -1;
  first?.focus();
};

/** A choice's options are values, or values with their titles. */
const inputOf = ({ name, kind, secret, options = [], fallback }, id) => {
  const props = { id, name, autocomplete: 'off', spellcheck: 'false', ...(fallback ? { placeholder: fallback } : {}) };
  if (kind === 'multiline') return el('textarea', props);
  if (kind === 'choice') {
    const pairs = options.map((option) => [option].flat());
    const chosen = pairs.map(([value, title = value]) => el('option', { value, selected: value === fallback }, title));
    return el('select', { id, name }, ...chosen);
  }
  if (kind === 'email') return el('input', { ...props, type: 'email', autocomplete: 'email' });
  const type = secret ? 'password' : kind === 'url' ? 'url' : 'text';
  return el('input', { ...props, type, autocapitalize: 'none', ...(kind === 'host' ? { inputmode: 'url' } : {}) });
};

const withToggle = (input, title) => {
  if (input.type !== 'password') return input;
  const toggle = button('Show', { 'aria-pressed': 'false', 'aria-label': `Show ${title}` });
  toggle.onclick = () => {
    const isHidden = input.type === 'password';
    input.type = isHidden ? 'text' : 'password';
    toggle.textContent = isHidden ? 'Hide' : 'Show';
    toggle.setAttribute('aria-pressed', String(isHidden));
  };
  return el('div', { class: 'secret' }, input, toggle);
};

/** One field with its label, its help, and what is wrong with it. */
export const fieldOf = (field) => {
  const id = `field-${field.name}`;
  const input = inputOf(field, id);
  const help = el('p', { class: 'help', id: `${id}-help` }, field.help);
  const wrong = el('p', { class: 'wrong', id: `${id}-wrong`, hidden: true });
  input.setAttribute('aria-describedby', `${id}-help ${id}-wrong`);
  if (field.fallback === undefined) input.setAttribute('aria-required', 'true');
  const node = el(
    'div',
    { class: 'field' },
    el('label', { for: id }, field.title),
    help,
    withToggle(input, field.title),
    wrong,
  );
  const complain = (message) => {
    wrong.textContent = message ?? '';
    wrong.hidden = message === null;
    if (message === null) input.removeAttribute('aria-invalid');
    else input.setAttribute('aria-invalid', 'true');
  };
  return { name: field.name, input, node, complain };
};
