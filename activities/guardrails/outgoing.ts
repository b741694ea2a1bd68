/** What stands where a secret stood. */
const REDACTED = '[redacted]';

/** Where a word begins: also behind an escape of JSON, whose letter would else be part of the word (`"a\nsk-…"`). */
const START = String.raw`(?:\b|(?<=\\(?:[nrtbf]|u[\da-fA-F]{4})))`;
const word = (shape: RegExp): RegExp => new RegExp(START + shape.source, shape.flags);

/** Shapes of secrets; each is one word, one after a word that announces it, or begins with dashes and ends with them. */
const SECRETS: [RegExp, string][] = [
  [
    /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,16000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|$)/g,
    REDACTED,
  ],
  [word(/(Bearer|Basic)\s[\w.~+/=-]{16,}/gi), `$1 ${REDACTED}`],
  [word(/eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g), REDACTED],
  [
    word(
      /(?:sk|pk|rk|ghp|gho|ghu|ghs|ghr|xox[abeprs]|xapp|pat|glpat|gsk|hf|npm|whsec|shp(?:at|ca|pa|ss)|sq0[a-z]{3}|rzp|dop_v1|lin_api|pypi|hvs|hvb|hvr|key|re|ntn|figd|eaa[a-z]?)[-_.][\w.-]{15,}\w/gi,
    ),
    REDACTED,
  ],
  [word(/github_pat_\w{20,}/g), REDACTED],
  [word(/(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g), REDACTED],
  [word(/AIza[\w-]{35}/g), REDACTED],
  [word(/ya29\.[\w-]{20,}/g), REDACTED],
  [word(/SG\.[\w-]{16,}\.[\w-]{16,}/g), REDACTED],
  [word(/EAA[A-Za-z0-9]{40,}/g), REDACTED],
  [word(/hooks\.slack\.com\/services\/[\w/]{20,}/g), `hooks.slack.com/services/${REDACTED}`],
  [/([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"'<>]{1,200}:)[^\s@/"'<>]{1,400}@/gi, `$1${REDACTED}@`],
  [
    // A backslash that escapes the quote behind it is none of the secret: what is JSON within JSON stays so.
    /((?:access_?token|refresh_?token|id_?token|client_?secret|code_?verifier|application_?password|passw(?:or)?d|passphrase|api_?key|secret_?key|private_?key)\\{0,8}["']?\s?[:=]\s?\\{0,8}["']?)(?!\[redacted\])(?:[^\s"',&}<>\\]|\\(?!\\{0,8}["'])){8,}/gi,
    `$1${REDACTED}`,
  ],
];

/** What a browser or a chat program fetches by itself, or runs. */
const FETCHED =
  /<(?=\s{0,5}\/?\s{0,5}(?:img|image|picture|source|iframe|frame|frameset|script|link|meta|base|style|svg|video|audio|track|object|embed|applet|form|input|button|body|portal|math)\b)/gi;
const IMAGE = /!(?=\[)/g;

/** The text without what looks like a secret. It stays JSON where it was JSON. */
export const redact = (text: string): string =>
  SECRETS.reduce((clean, [shape, instead]) => clean.replace(shape, instead), text);

/** The text so that nothing in it is fetched before a person clicks: an image is a link, and markup that loads is shown as text. */
export const defuse = (text: string): string => text.replace(IMAGE, '').replace(FETCHED, '&lt;');

/** What a model says to people, made safe to show. */
export const clean = (text: string): string => defuse(redact(text));

/** No word is longer than this; what is, is let go in parts. */
const HELD_CHARS_MAX = 16_000;

/** Words that announce a secret: what follows them is not parted from them. */
const ANNOUNCES =
  /\S*(?:Bearer|Basic|(?:token|secret|verifier|passw(?:or)?d|passphrase|key)\\{0,8}["']?\s?[:=]?)\s?\\{0,8}["']?$/i;

/** How much of the text says the same whatever follows. */
const settled = (text: string): number => {
  if (text.length > HELD_CHARS_MAX) return text.length;
  // The last word may not be whole yet.
  const open = text.length - (/\S*$/.exec(text)?.[0].length ?? 0);
  const before = text.slice(Math.max(0, open - 200), open);
  let cut = open - (ANNOUNCES.exec(before)?.[0].length ?? 0);
  for (const [shape] of SECRETS) {
    for (const match of text.matchAll(shape)) {
      if (match.index < cut && match.index + match[0].length > cut) cut = match.index;
    }
  }
  const key = text.lastIndexOf('-----BEGIN');
  const markup = text.lastIndexOf('<');
  if (key >= 0 && !/-----END [^-]*-----/.test(text.slice(key))) cut = Math.min(cut, key);
  if (markup >= 0 && text.length - markup < 32) cut = Math.min(cut, markup);
  return cut;
};

/** The same for a text that comes in pieces: what it gives, put together, is the whole text cleaned. */
export const createCleaner = () => {
  let held = '';
  return {
    /** What may be shown now. */
    push(piece: string): string {
      held += piece;
      const cut = settled(held);
      const shown = clean(held.slice(0, cut));
      held = held.slice(cut);
      return shown;
    },
    end(): string {
      const shown = clean(held);
      held = '';
      return shown;
    },
  };
};
