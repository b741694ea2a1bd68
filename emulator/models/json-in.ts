/** The JSON objects and arrays written in a text, alone or among prose. */
export function jsonIn(text: string): unknown[] {
  const found: unknown[] = [];
  for (let start = 0; start < text.length; start += 1) {
    if (text[start] !== '{' && text[start] !== '[') continue;
    const end = closing(text, start);
    const value = end === undefined ? undefined : parsed(text.slice(start, end + 1));
    if (value === undefined || end === undefined) continue;
    found.push(value);
    start = end;
  }
  return found;
}

/** Where the bracket opened at `start` closes, brackets within strings not counted. */
function closing(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let place = start; place < text.length; place += 1) {
    const character = text[place];
    if (quoted && character === '\\') place += 1;
    else if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth === 0) return place;
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
