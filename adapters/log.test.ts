import { expect, test } from '@jest/globals';
import { createLog } from './log.ts';

const printed = (print: (log: ReturnType<typeof createLog>) => void): string => {
  const lines: string[] = [];
  print(createLog('trace', { write: (line) => void lines.push(line) }));
  return lines.join('');
};

test('fields with the name of a secret are hidden, however deep', () => {
  const secrets = {
    authorization: 'Bearer abc',
    a: [{ password: 'p4ss', refresh_token: 'r3f', code: 'SplxlOBeZQQYbYS6WxSbIA' }],
  };
  const line = printed((log) =>
    log.info({ ...secrets, error: new Error('x', { cause: { clientSecret: 's3cr3t' } }) }, 'm'),
  );
  expect(line).not.toMatch(/abc|p4ss|r3f|Splx|s3cr3t/);
  expect(line).toContain('[hidden]');
});

test('secrets inside text are hidden by their shape: in messages, in errors, in other people’s errors', () => {
  const texts = [
    'GET failed with Authorization: Bearer tok_LIVE_123456',
    'Basic b3duZXI6YWJjZCBFRkdI refused',
    'POST https://a.test/cb?code=SplxlOBeZQQ&state=xyz123 failed',
    'body {"access_token":"at-98765","refresh_token":"rt-98765"}',
    'postgres://user:hunter2@127.0.0.1:5432/db',
    'sk-proj-abcdefghijklmnop is not valid',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
  ];
  for (const text of texts) {
    const line = printed((log) => {
      log.warn(text);
      log.warn({ error: new Error(text, { cause: new Error(text) }) }, 'failed');
    });
    expect(line).not.toMatch(/tok_LIVE|b3duZXI|Splx|xyz123|98765|hunter2|abcdefghijkl|c2lnbmF0/);
  }
});

test('codes of errors are no secrets: they are what one looks for', () => {
  const line = printed((log) =>
    log.error({ error: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), code: 'provider_down' }),
  );
  expect(line).toContain('ECONNREFUSED');
  expect(line).toContain('provider_down');
});

test('what goes round in circles, or is no text, is printed all the same', () => {
  const round: Record<string, unknown> = { size: 10n, bytes: new Uint8Array(3) };
  round.self = round;
  const line = printed((log) => log.info(round, 'm'));
  expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'm', size: '10', bytes: '[3 bytes]' });
});
