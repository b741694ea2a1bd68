/**
 * Of a description in YAML, the calls at these paths and the schemas that they lead to. The whole of OpenAI's is three
 * megabytes, and reading them takes five seconds; its `components` holds names of kinds at two and of schemas at four blanks.
 */
export function excerpt(text: string, paths: string[]): string {
  const [head = '', rest = ''] = text.split(/^paths:\n/m);
  const [calls = '', components = ''] = rest.split(/^components:\n/m);
  const kept = calls
    .split(/^(?= {2}\/)/m)
    .filter((part) => paths.includes(/^ {2}(\S+):/.exec(part)?.[1] ?? ''))
    .join('');
  const schemas = new Map(
    components.split(/^(?= {4}\w+:\n)/m).map((part) => [/^ {4}(\w+):/.exec(part)?.[1] ?? '', part]),
  );
  const used = new Set<string>();
  const follow = (part: string) => {
    for (const [, name = ''] of part.matchAll(/#\/components\/schemas\/(\w+)/g)) {
      if (used.has(name)) continue;
      used.add(name);
      follow(schemas.get(name) ?? '');
    }
  };
  follow(kept);
  const found = [...used].map((name) => schemas.get(name) ?? '').join('');
  return `${head}paths:\n${kept}components:\n  schemas:\n${found}`;
}
