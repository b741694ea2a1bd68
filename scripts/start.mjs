import { handOver } from './lib/hand-over.mjs';

await handOver('serve.ts');
