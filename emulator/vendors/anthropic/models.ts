export const MODELS = [
  ...['claude-fable-5-1', 'claude-mythos-5-1', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5'],
  ...['claude-opus-5', 'claude-fable-5', 'claude-sonnet-5', 'claude-opus-4-8', 'claude-sonnet-4-6', 'claude-haiku-4-5'],
];

/** These think before everything they say, and show it. */
export const thinksAlways = (model: string): boolean => /fable|mythos|opus-5-5|sonnet-5-5/.test(model);

export const shown = (id: string) => ({
  type: 'model',
  id,
  display_name: id,
  created_at: '2026-09-15T00:00:00Z',
  lifecycle: 'active',
  max_input_tokens: 1_000_000,
  max_tokens: 128_000,
});
