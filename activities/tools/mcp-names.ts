const NAME_CHARS_MAX = 64;

/** The name by which models know a server's tool: in the letters and the length that all of them take. */
export const mcpToolName = (hash: (text: string) => string, server: string, tool: string): string => {
  const name = `mcp_${server}_${tool}`;
  const plain = name.replace(/[^\w-]/g, '_');
  if (plain === name && name.length <= NAME_CHARS_MAX) return name;
  const mark = `_${hash(name).slice(0, 8)}`;
  return plain.slice(0, NAME_CHARS_MAX - mark.length) + mark;
};

/** Whether an agent that is given `names` has this tool: by its name, or by `mcp_<server>_*`. */
export const isNamed = (names: string[], server: string, name: string): boolean =>
  names.includes(name) || names.includes(`mcp_${server}_*`);
