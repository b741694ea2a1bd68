import { handOver } from './lib/hand-over.mjs';

await handOver('run-tests.ts');
