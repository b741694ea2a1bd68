/** Letters of other alphabets that look like Latin ones, and digits that are read as letters. */
const LOOKALIKES = new Map(
  Object.entries({
    ...{
      а: 'a',
      в: 'b',
      с: 'c',
      ԁ: 'd',
      е: 'e',
      һ: 'h',
      і: 'i',
      ј: 'j',
      к: 'k',
      ӏ: 'l',
      м: 'm',
      н: 'h',
      о: 'o',
      р: 'p',
    },
    ...{
      ѕ: 's',
      т: 't',
      у: 'y',
      х: 'x',
      ѵ: 'v',
      ԝ: 'w',
      α: 'a',
      ε: 'e',
      ι: 'i',
      κ: 'k',
      ν: 'v',
      ο: 'o',
      ρ: 'p',
      τ: 't',
    },
    ...{
      υ: 'u',
      χ: 'x',
      γ: 'y',
      ı: 'i',
      ɡ: 'g',
      ʟ: 'l',
      ɴ: 'n',
      ʀ: 'r',
      ꜱ: 's',
      ᴀ: 'a',
      ᴄ: 'c',
      ᴅ: 'd',
      ᴇ: 'e',
      ɪ: 'i',
    },
    ...{
      ᴏ: 'o',
      ᴘ: 'p',
      ᴛ: 't',
      ᴜ: 'u',
      ᴠ: 'v',
      ᴡ: 'w',
      ʏ: 'y',
      ᴢ: 'z',
      ɢ: 'g',
      ʜ: 'h',
      ᴊ: 'j',
      ᴋ: 'k',
      ᴍ: 'm',
      ʙ: 'b',
    },
  }),
);
const DIGITS = new Map(Object.entries({ 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's' }));
const ENTITIES = new Map(
  Object.entries({ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'", nbsp: ' ', colon: ':', newline: '\n' }),
);

/** Invisible to people, and read by models: tags, zero-width characters, soft hyphens, variation selectors, overrides of direction. */
const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]|\p{Cn}|[\u{e0000}-\u{e0fff}]/gu;
const TAGS = /[\u{e0020}-\u{e007e}]+/gu;

const mapped = (text: string, letters: Map<string, string>): string => {
  let out = '';
  for (const letter of text) out += letters.get(letter) ?? letter;
  return out;
};

/** Text that is written in characters nobody sees. */
export const hiddenText = (text: string): string =>
  (text.match(TAGS) ?? [])
    .map((run) => String.fromCodePoint(...[...run].map((tag) => (tag.codePointAt(0) ?? 0) - 0xe0000)))
    .join(' ');

export const withoutInvisible = (text: string): string => text.replace(INVISIBLE, '');

/** Small letters without marks, in one line. */
export const plain = (text: string): string =>
  withoutInvisible(text.normalize('NFKD')).replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ');

const latin = (text: string): string => mapped(text, LOOKALIKES);

/** `i g n o r e` and `i.g.n.o.r.e` are words: letters that stand alone are joined; two or more gaps part words. */
const joined = (text: string): string =>
  text.replace(/(?<![\p{L}\p{N}])(?:\p{L}[ .\-_*|]{1,3}){4,}\p{L}(?![\p{L}\p{N}])/gu, (run) =>
    run
      .replace(/[.\-_*|]| {2,}/g, (gap) => (gap.length > 1 ? '\u0001' : ''))
      .replace(/ /g, '')
      .replaceAll('\u0001', ' '),
  );

const unescaped = (text: string): string =>
  text
    .replace(/&#(?:x([\da-f]{1,6})|(\d{1,7}));?/gi, (whole, hex: string | undefined, decimal: string | undefined) => {
      const point = hex === undefined ? Number(decimal) : parseInt(hex, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    })
    .replace(/&(\w{2,8});/g, (whole, name: string) => ENTITIES.get(name.toLowerCase()) ?? whole)
    .replace(/\\{1,8}u(?:\{([\da-f]{1,5})\}|([\da-f]{4}))/gi, (_, braced: string | undefined, four: string) =>
      String.fromCodePoint(parseInt(braced ?? four, 16)),
    )
    .replace(/(?:%[\da-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });

/** As JSON reads it where it stands in a text of JSON; each level within another one doubles the backslashes. */
const withoutEscapes = (text: string): string => text.replace(/\\{1,8}[nrtbf]/g, ' ').replace(/\\{1,8}(["/])/g, '$1');

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const fromBase64 = (text: string): string => {
  let out = '';
  let bits = 0;
  let held = 0;
  for (const letter of text.replaceAll('-', '+').replaceAll('_', '/')) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) break;
    held = ((held << 6) | value) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += String.fromCharCode((held >> bits) & 0xff);
  }
  return out;
};
const fromHex = (text: string): string =>
  (text.match(/[\da-f]{2}/gi) ?? []).map((pair) => String.fromCharCode(parseInt(pair, 16))).join('');

const isReadable = (text: string): boolean => {
  const seen = text.slice(0, 400);
  return seen.length >= 12 && (seen.match(/[\x20-\x7e\s]/g) ?? []).length / seen.length > 0.9;
};

/** What stands in the text in another coding. */
const decoded = (text: string): string[] =>
  [
    ...(text.match(/[A-Za-z0-9+/_-]{24,}/g) ?? []).slice(0, 40).map(fromBase64),
    ...(text.match(/(?:[\da-f]{2}[\s:]?){16,}/gi) ?? []).slice(0, 40).map(fromHex),
  ].filter(isReadable);

const rot13 = (text: string): string =>
  text.replace(/[a-z]/g, (letter) => String.fromCharCode(((letter.charCodeAt(0) - 84) % 26) + 97));

const formsOf = (open: string): string[] => {
  const base = plain(open);
  const straight = latin(base);
  const inside = decoded(open);
  return [
    base,
    straight,
    plain(hiddenText(open)),
    latin(plain(joined(open))),
    mapped(straight, DIGITS),
    rot13(straight),
    [...straight].reverse().join(''),
    ...inside.map(plain),
    // Comments and markup between the letters of a word.
    plain(open.replace(/<!--|-->/g, ' ').replace(/<[^>]{0,200}>/g, '')),
    plain(open.replace(/[*_`~]/g, '')),
  ];
};

/** The ways in which a text can be read by a model that is clever enough; each in small letters, in one line. */
export const readings = (text: string): string[] => {
  const open = unescaped(text);
  // Beside the text as it is, in which a backslash before a word may be none of JSON's.
  const within = withoutEscapes(open);
  const all = within === open ? formsOf(open) : [...formsOf(open), ...formsOf(within)];
  return [...new Set(all)].filter((reading) => reading !== '');
};
