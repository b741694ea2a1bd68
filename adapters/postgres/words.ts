const WORDS_MAX = 16;

/**
 * A question as a text query: any of its words, by how each begins, so that “bakeries” finds “bakery”. Null: it has no words.
 * To be read by `to_tsquery('simple', …)`.
 */
export const textQuery = (question: string): string | null => {
  const words = new Set(question.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  const stems = [...words].slice(0, WORDS_MAX).map((word) => (word.length > 5 ? word.slice(0, -2) : word));
  return stems.length > 0 ? stems.map((stem) => `'${stem}':*`).join(' | ') : null;
};
