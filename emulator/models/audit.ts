import type { Content, Finding, Seen } from './seen.ts';

const DAY_MS = 86_400_000;
const STALE_DAYS = 730;
const THIN_CHARACTERS = 220;
const LONG_TITLE = 60;

/** The answer DigitalPresenceAudit: what is wrong with the content seen, each finding with the ids it is about. */
export function audit({ contents }: Seen, now: number): { summary: string; findings: Finding[] } {
  const all = [...contents.values()];
  if (all.length === 0) {
    return { summary: 'No content could be listed, so nothing was audited.', findings: [] };
  }
  const read = all.filter(({ text }) => text !== undefined);
  const findings = [
    finding(
      'Default content is public',
      'high',
      all.filter(isDefault),
      ({ title }) => `“${title}” is what the software put there.`,
    ),
    finding(
      'Thin content',
      'high',
      read.filter(isThin),
      ({ title, text = '' }) => `“${title}” has ${text.length} characters of text.`,
    ),
    finding(
      'Out of date',
      'medium',
      all.filter((one) => isStale(one, now)),
      ({ title, modifiedAt = '' }) => `“${title}” was last changed on ${modifiedAt.slice(0, 10)}.`,
    ),
    finding(
      'A past year in the title',
      'medium',
      all.filter((one) => namesPastYear(one, now)),
      ({ title }) => `“${title}” speaks of a year that is over.`,
    ),
    finding(
      'Missing excerpts',
      'low',
      all.filter(({ excerpt }) => excerpt === ''),
      ({ title }) => `“${title}” has no excerpt of its own.`,
    ),
    finding(
      'Titles too long for a search result',
      'low',
      all.filter(({ title }) => title.length > LONG_TITLE),
      ({ title }) => `“${title}” has ${title.length} characters.`,
    ),
  ].filter(({ contentIds }) => contentIds.length > 0);
  if (findings.length === 0) {
    findings.push(finding('In good order', 'low', read, ({ title }) => `“${title}” is current, clear and complete.`));
  }
  const worst = findings[0] ? ` The first to look at: ${findings[0].title.toLowerCase()}.` : '';
  return {
    summary: `Of ${all.length} entries listed, ${read.length} were read in full; ${findings.length} findings.${worst}`,
    findings,
  };
}

function finding(title: string, severity: string, about: Content[], say: (content: Content) => string): Finding {
  return { title, severity, detail: about.map(say).join(' '), contentIds: about.map(({ id }) => id) };
}

const isDefault = ({ title }: Content): boolean => /^hello world!?$/i.test(title);

const isThin = ({ text = '' }: Content): boolean => text.length < THIN_CHARACTERS;

const isStale = ({ modifiedAt }: Content, now: number): boolean =>
  modifiedAt !== undefined && now - Date.parse(modifiedAt) > STALE_DAYS * DAY_MS;

const namesPastYear = ({ title }: Content, now: number): boolean =>
  (title.match(/\b20\d\d\b/g) ?? []).some((year) => Number(year) < new Date(now).getUTCFullYear());
