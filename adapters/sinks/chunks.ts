const WORDS = 500;
const OVERLAP = 50;

/** Passages of at most 500 words; neighbours share 50, so that no sentence is only seen cut in two. Line breaks are kept. */
export function chunks(text: string): string[] {
  const words = text.match(/\s*\S+/g) ?? [];
  const passages: string[] = [];
  for (let start = 0; start < words.length; start += WORDS - OVERLAP) {
    passages.push(
      words
        .slice(start, start + WORDS)
        .join('')
        .trim(),
    );
    if (start + WORDS >= words.length) break;
  }
  return passages;
}
