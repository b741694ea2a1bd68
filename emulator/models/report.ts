import type { Seen } from './seen.ts';

const SINGULAR: Record<string, string> = { posts: 'post', pages: 'page', media: 'media' };

/** The answer OnboardingReport: the findings it was given, retold, with a first post that mends one of them. */
export function report({ findings, summaries, contents }: Seen) {
  const cite = (id: string) => `[${SINGULAR[contents.get(id)?.resource ?? 'posts'] ?? 'post'}:${id}]`;
  const citations = [...new Set(findings.flatMap(({ contentIds }) => contentIds))];
  const lines = findings.map(
    ({ title, severity, detail, contentIds }) =>
      `- **${title}** (${severity}): ${detail} ${contentIds.map(cite).join(' ')}`,
  );
  const nothing = 'The audit found nothing that has to be mended.';
  const subject = /“([^”]+)”/.exec(
    findings.find(({ title }) => title === 'Out of date')?.detail ?? findings[0]?.detail ?? '',
  )?.[1];
  return {
    title: 'Your digital presence: where you stand',
    report: [
      '# Your digital presence: where you stand',
      summaries.at(-1) ?? 'There is no summary of the audit.',
      '## Findings',
      lines.length > 0 ? lines.join('\n') : nothing,
      '## Next',
      subject ? `The proposed post brings “${subject}” up to date.` : 'The proposed post says that the house is open.',
    ].join('\n\n'),
    citations,
    proposedPost: {
      title: subject ? `Up to date: ${subject}` : 'A word from us',
      content: subject
        ? `<p>Some of what you could read here under “${subject}” was no longer true. This is how things stand today.</p>\n<p>Ask us at the counter or by telephone if anything is missing.</p>`
        : '<p>We are open and look forward to seeing you.</p>',
    },
  };
}
