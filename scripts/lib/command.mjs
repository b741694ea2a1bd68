import { execFile } from 'node:child_process';

/** What a tool said in the end: its last line that names an error, else its last line. */
export const lastLine = (text) => {
  const lines = text.trim().split('\n');
  return (lines.findLast((line) => /error|^E: /i.test(line)) ?? lines.at(-1) ?? '').trim().slice(0, 300);
};

/** Runs a command to its end and gives its stdout; throws what it said in the end. */
export const run = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const child = execFile(command, args, { maxBuffer: 64 << 20, ...options }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} failed: ${lastLine(stderr) || lastLine(stdout) || error.message}`));
      else resolve(stdout);
    });
    child.stdin?.end();
  });
