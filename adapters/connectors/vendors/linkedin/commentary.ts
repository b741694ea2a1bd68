import { clean } from '../../plain-text.ts';

const RESERVED = /[\\|{}@[\]()<>#*_~]/g;

/** Plain text as LinkedIn's little markup: a reserved sign that is not escaped cuts the text short. */
export const marked = (text: string): string => text.replace(RESERVED, (sign) => `\\${sign}`);

/** The way back; of a mention and of a hashtag what a reader sees stays. */
export const unmarked = (commentary: string): string =>
  clean(
    commentary
      .replace(/@\[((?:\\.|[^\]\\])*)\]\(urn:[^)]*\)/g, '$1')
      .replace(/\{hashtag\|\\?#\|([^}]*)\}/g, '#$1')
      .replace(/\\([\\|{}@[\]()<>#*_~])/g, '$1'),
  );
