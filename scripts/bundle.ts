// Builds the workflow bundle that workers run in production (WORKFLOW_BUNDLE): npm run bundle [-- <file>]
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { buildBundle } from '../workers/bundle.ts';

const file = resolve(process.argv[2] ?? '.data/workflow-bundle.js');
const code = await buildBundle();
await mkdir(dirname(file), { recursive: true });
await writeFile(file, code);
console.log(`${Math.round(code.length / 1024)} KB of workflows in ${file}`);
