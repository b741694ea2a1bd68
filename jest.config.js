/** Set-up (Temporal, PostgreSQL, …) is scripts/test.mjs: run `npm test`, which also says what it skipped. */
export default {
  testEnvironment: 'node',
  roots: [
    'workflows',
    'activities',
    'ports',
    'adapters',
    'workers',
    'api',
    'portals',
    'agents',
    'emulator',
    'scripts',
  ].map((room) => `<rootDir>/${room}`),
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testTimeout: 120_000,
};
