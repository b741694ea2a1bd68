// The import law of ARCHITECTURE.md. Tests, and grounds that only they stand on, are exempt; type imports are free where a room may know the other's shapes.
const only = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: ['[.]test[.]ts$', '^adapters/connectors/testing-(emulated|vendors)[.]ts$'] },
  to,
});

module.exports = {
  forbidden: [
    only(
      'workflows-run-alone',
      '^workflows/',
      {
        pathNot: ['^workflows/', '^ports/operations[.]ts$', 'node_modules/@temporalio/(workflow|common)/'],
        dependencyTypesNot: ['type-only'],
      },
      'Anything else would enter the sandbox.',
    ),
    only(
      'workflow-types',
      '^workflows/',
      { path: '^(adapters|workers|api|agents|emulator|scripts|bench)/' },
      'A workflow knows activities and ports, as types.',
    ),
    only(
      'activities-know-ports',
      '^activities/',
      { pathNot: ['^activities/', '^ports/', 'node_modules/(zod|@temporalio/(activity|common))/'] },
      'I/O hides behind a port.',
    ),
    only('ports-know-nobody', '^ports/', { pathNot: ['^ports/', 'node_modules/zod/'] }, 'Ports are the common tongue.'),
    only(
      'adapters-know-ports',
      '^adapters/',
      { path: '^(workflows|activities|workers|api|agents|emulator)/' },
      'An adapter serves a port, not a caller.',
    ),
    only(
      'agents-are-data',
      '^agents/',
      { pathNot: ['^agents/', '^ports/', 'node_modules/zod/'] },
      'An agent is a declaration.',
    ),
    only(
      'emulator-stands-alone',
      '^emulator/',
      { path: '^(workflows|activities|workers|api|ports|adapters|agents|scripts)/' },
      'Shared code would let a mistake agree with itself.',
    ),
    {
      ...only(
        'api-only-asks',
        '^api/',
        { path: '^(activities|workers|adapters|agents|emulator)/' },
        'The API starts, signals, updates, queries, and reads through ports.',
      ),
      from: { path: '^api/', pathNot: ['[.]test[.]ts$', '^api/main[.]ts$'] },
    },
    only(
      'api-main-opens',
      '^api/main[.]ts$',
      {
        path: '^(activities|workers|adapters|agents|emulator)/',
        pathNot: '^(adapters/(env|index)|agents/index)[.]ts$',
      },
      'Only main opens ports, and hands the agents in.',
    ),
    only('nobody-calls-main', '.', { path: '^(api|workers|emulator)/main[.]ts$' }, 'A main is a process.'),
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
