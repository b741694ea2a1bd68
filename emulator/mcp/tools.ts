export interface McpTool {
  name: string;
  description?: string;
  inputSchema: { type: 'object'; properties?: Record<string, unknown>; required?: string[] };
  /** What the server says of itself. */
  annotations?: { readOnlyHint?: boolean };
}

const text = { type: 'string' };

/** One that only reads, and one whose effects are counted. */
export const DEFAULT_TOOLS: McpTool[] = [
  {
    name: 'lookup',
    description: 'Says what is known of a topic.',
    inputSchema: { type: 'object', properties: { topic: text }, required: ['topic'] },
    annotations: { readOnlyHint: true },
  },
  {
    name: 'send_note',
    description: 'Sends a note to somebody.',
    inputSchema: { type: 'object', properties: { to: text, text }, required: ['to', 'text'] },
  },
  {
    name: 'count_words',
    description: 'Counts the words of a text.',
    inputSchema: { type: 'object', properties: { text }, required: ['text'] },
    annotations: { readOnlyHint: true },
  },
];
