import { handOver } from './lib/hand-over.mjs';

await handOver('run-contract.ts');
