import type { Manifest } from '../../adapters/connectors/manifest.ts';
import type { ConnectorInfo, StreamInfo } from '../../ports/connector-info.ts';

const yes = (is: boolean) => (is ? 'yes' : '–');
const list = (names: string[]) => (names.length === 0 ? '–' : names.map((name) => `\`${name}\``).join(', '));
const rows = (head: string[], lines: string[][]): string =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const INCREMENTAL = { changed: 'what changed', created: 'new rows only' } as const;

const streamRow = ({ name, title, model, filters, incremental, syncs, text }: StreamInfo) => [
  `\`${name}\``,
  title,
  model === null ? 'its own' : `\`${model}\``,
  list(filters.map((filter) => filter.name)),
  incremental === null ? 'always all' : INCREMENTAL[incremental],
  yes(syncs),
  yes(text),
];

const writeRows = ({ name, writes }: StreamInfo) =>
  writes.map(({ kind, safety, fields }) => [`\`${name}\``, kind, `\`${safety}\``, list(fields)]);

/** The page of one connector, made from nothing but its declaration. */
export function connectorPage(info: ConnectorInfo, { webhooks, keys }: Manifest): string {
  const writes = info.streams.flatMap(writeRows);
  const parts = [
    `# ${info.title}`,
    `<!-- Made by \`npm run docs\` from adapters/connectors/vendors; a change goes there. -->`,
    `\`${info.id}\` · category \`${info.category}\` · [the vendor’s documents](${info.docs})`,
    '## Ways to connect',
    ...info.auth.map(({ id, title, flow, scopes, fields }) =>
      [
        `### ${title}`,
        '',
        `\`method: ${id}\`, ${flow === 'redirect' ? 'by consent at the vendor’s' : 'by a form'}${scopes.length > 0 ? `; asks for ${list(scopes)}` : ''}.`,
        ...(fields.length > 0
          ? [
              '',
              rows(
                ['field', 'secret', 'what it is'],
                fields.map(({ name, secret, help }) => [`\`${name}\``, yes(secret), help]),
              ),
            ]
          : []),
      ].join('\n'),
    ),
    '## What can be read',
    info.streams.length === 0
      ? 'Nothing yet: it can be connected, tested and kept connected.'
      : rows(['stream', 'title', 'unified as', 'filters', 'incremental', 'syncs', 'text'], info.streams.map(streamRow)),
  ];
  if (writes.length > 0) parts.push('## What can be written', rows(['stream', 'write', 'safety', 'fields'], writes));
  if (info.limits.length > 0) {
    parts.push(
      '## Limits',
      rows(
        ['limit', 'shared by', 'units', 'in seconds'],
        info.limits.map(({ name, scope, units, perSeconds }) => [
          name,
          scope === 'app' ? 'all connections of the platform’s app' : 'one connection',
          String(units),
          String(perSeconds),
        ]),
      ),
    );
  }
  if (webhooks) parts.push('## Webhooks', webhooks.setUp, list(info.events));
  if (keys) parts.push('## Keys', `Found at: ${keys.where}.`);
  if (info.notes.length > 0) parts.push('## Good to know', info.notes.map((note) => `- ${note}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

/** The pages by file name, with an index. */
export function connectorPages(infos: ConnectorInfo[], manifests: Record<string, Manifest>): Map<string, string> {
  const pages = new Map<string, string>();
  for (const info of infos) {
    const manifest = manifests[info.id];
    if (manifest) pages.set(`${info.id}.md`, connectorPage(info, manifest));
  }
  const lines = infos.map(({ id, title, category, streams, events }) => [
    `[${title}](${id}.md)`,
    category,
    String(streams.length),
    String(streams.flatMap(({ writes }) => writes).length),
    yes(events.length > 0),
  ]);
  const index = ['# Connectors', rows(['system', 'category', 'streams', 'writes', 'webhooks'], lines)];
  pages.set('README.md', `${index.join('\n\n')}\n`);
  return pages;
}
