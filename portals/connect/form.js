// A form and what was wrong with its last try: told in a banner, and at the fields that it names.
import { el, say } from './parts.js';

/** `send` is given what was filled in; what it throws is a problem as the API states it. One try at a time. */
export const formOf = ({ fields, go, before = [], after = [], saying, send }) => {
  const banner = el('div', { class: 'banner', role: 'alert', hidden: true });

  const complain = ({ detail, errors = [] }) => {
    banner.textContent = detail;
    banner.hidden = false;
    const named = new Map(errors.map(({ path, message }) => [path, message]));
    for (const field of fields) field.complain(named.get(field.name) ?? null);
    (fields.find(({ name }) => named.has(name))?.input ?? go).focus();
  };

  const work = async (event) => {
    event.preventDefault();
    if (go.getAttribute('aria-disabled') === 'true') return;
    go.setAttribute('aria-disabled', 'true');
    banner.hidden = true;
    say(saying);
    try {
      const filled = fields.map(({ name, input }) => [name, input.value.trim()]).filter(([, value]) => value !== '');
      await send(Object.fromEntries(filled));
    } catch (problem) {
      say('');
      complain(problem);
    } finally {
      go.removeAttribute('aria-disabled');
    }
  };

  const nodes = fields.map(({ node }) => node);
  return {
    complain,
    parts: [banner, el('form', { novalidate: true, onsubmit: work }, ...before, ...nodes, ...after, go)],
  };
};
