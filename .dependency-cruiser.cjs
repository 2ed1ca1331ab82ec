'use strict';
// Who may import whom. `npm run boundaries` (tools/boundaries.ts) checks it, and that no file was left out.

/** Imports that are gone, or not yet done, when a module has been loaded. */
const notLoaded = ['type-only', 'type-import', 'dynamic-import'];
const typesOnly = ['type-only', 'type-import'];

/** A rule: modules under `from` may import no other file of ours than `to`. */
const only = (name, comment, from, to, dependencyTypesNot = []) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|test|bench|samples|tools)/', pathNot: to, dependencyTypesNot },
});

module.exports = {
  forbidden: [
    {
      name: 'core-imports-only-core',
      comment:
        'Meaning (columns, fates, limits) has to run in the workflow sandbox, in a mill thread and in a test alike: no ' +
        'Node, no package, no clock.',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { pathNot: '^src/core/' },
    },
    {
      name: 'contract-imports-only-core',
      comment:
        'What crosses a process is loaded by client, workflow and worker: whatever it imported, all three would carry.',
      severity: 'error',
      from: { path: '^src/contract/' },
      to: { pathNot: '^src/(contract|core)/' },
    },
    only(
      'engine-knows-only-core-and-contract',
      'Bytes in, bytes out: it can be tested, measured and reused without a server, settings or an activity around it.',
      '^src/engine/',
      '^src/(engine|core|contract)/',
    ),
    only(
      'report-reads-datasets',
      'A report is made of a finished dataset alone: without server, job or settings, on any machine that has the folder.',
      '^src/report/',
      '^src/(report/|core/|contract/|engine/(dataset/|storage/|output/atomic-file\\.ts$))',
    ),
    only(
      'settings-know-only-core-and-contract',
      'Settings come before everything else; who imported more here would be loaded by `threadmill --help`.',
      '^src/settings(\\.ts$|/)',
      '^src/(settings(\\.ts$|/)|core/|contract/)',
    ),
    {
      name: 'settings-of-a-job-are-pure',
      comment:
        'Workflows check overrides with these modules, and the sandbox has no Node. Files and the environment are read ' +
        'in settings.ts and layers.ts only.',
      severity: 'error',
      from: { path: '^src/settings/', pathNot: '^src/settings/layers\\.ts$' },
      to: { dependencyTypes: ['core'], dependencyTypesNot: typesOnly },
    },
    only(
      'payloads-know-nobody',
      'How values travel has nothing to do with what they mean; client, worker and workflow bundle all load it.',
      '^src/payloads/',
      '^src/(payloads|core|contract)/',
    ),
    only(
      'server-knows-no-pipeline',
      'The embedded server is there to be asked by anyone, so it knows nobody: neither jobs nor who works on them.',
      '^src/server/',
      '^src/(server|core|contract)/',
    ),
    only(
      'activities-know-no-workflow',
      'Activities are a thin coat over the engine. What they need of settings comes with the job; what a job may set is ' +
        'checked by the same pure module as in a workflow.',
      '^src/activities/',
      '^src/((activities|engine|core|contract)/|settings/job-settings\\.ts$)',
    ),
    only(
      'workflows-decide-only',
      'Workflow code is bundled and replayed: it may hold decisions, what they are made of, and names of activities.',
      '^src/workflows/',
      '^src/(workflows|core|contract|activities|settings)/',
    ),
    only(
      'workflows-import-activities-as-types',
      'A value import compiles and passes unit tests, and then takes the engine into the bundle, which dies there.',
      '^src/workflows/',
      '^(?!src/(activities/))',
      typesOnly,
    ),
    {
      name: 'workflows-do-not-read-settings',
      comment:
        'layers.ts reads files; what a workflow needs is in job-settings.ts and the pure modules beside it.',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: '^src/settings/layers\\.ts$' },
    },
    {
      name: 'workflows-have-no-node',
      comment:
        'The sandbox has no Node modules, and what they give (clock, files, random numbers) would break replay.',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { dependencyTypes: ['core'], dependencyTypesNot: typesOnly },
    },
    {
      name: 'workflows-load-only-the-workflow-sdk',
      comment: 'Any other package in the bundle is code whose determinism nobody vouches for.',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: {
        path: 'node_modules/',
        pathNot: 'node_modules/@temporalio/(workflow|common)/',
        dependencyTypesNot: typesOnly,
      },
    },
    {
      name: 'no-temporal-below-the-activities',
      comment:
        'Temporal is one way to call the engine. Settings, contract and core are also read by programs without it.',
      severity: 'error',
      from: { path: '^src/(core|contract|engine|settings)(\\.ts$|/)' },
      to: { path: 'node_modules/@temporalio/' },
    },
    {
      name: 'temporal-is-loaded-late',
      comment:
        'Each Temporal package takes half a second to load, which `threadmill --help` and a shell completion must not ' +
        'wait for.',
      severity: 'error',
      from: { path: '^src/(server/|cli/|client\\.ts$)' },
      to: { path: 'node_modules/@temporalio/', dependencyTypesNot: notLoaded },
    },
    only(
      'command-line-loads-late',
      'A command loads what it needs when it runs (dynamic import): library, worker, engine, server. Types are free.',
      '^src/(cli/|client\\.ts$)',
      '^src/(cli/|client\\.ts$|contract/|core/|settings(\\.ts$|/))',
      notLoaded,
    ),
    only(
      'command-line-stays-outside',
      'What happens inside a job is asked of the library or the worker, never of their parts, not even late.',
      '^src/(cli/|client\\.ts$)',
      '^(?!src/(activities/|workflows/))',
      typesOnly,
    ),
    only(
      'library-loads-no-worker',
      'A program that only asks for jobs must not load the native worker, the codecs or the workflow bundler. An ' +
        'archive it may name and fingerprint, files of names and the manifest of a finished dataset read: all without a codec.',
      '^src/(index\\.ts$|library/)',
      '^(?!src/(activities/|workflows/|engine/(?!dataset/|storage/|corpus/(corpus-id|names)\\.ts$|selection/name-files\\.ts$|archive/(fingerprint|archive-name)\\.ts$|reframe/reframe-id\\.ts$)|worker\\.ts$|cli/|client\\.ts$))',
      notLoaded,
    ),
    only(
      'nobody-imports-the-entry',
      'client.ts runs when it is loaded: arguments are read and the process ends.',
      '^src/',
      '^(?!src/(client\\.ts$))',
    ),
    only('product-without-tests', 'dist holds src alone.', '^src/', '^src/'),
    only(
      'samples-share-no-code',
      'The generator is the second opinion that tests hold the product against: types of src are fine, its code is not.',
      '^samples/',
      '^samples/',
      typesOnly,
    ),
    {
      name: 'no-circular',
      comment:
        'In a circle it depends on the first importer which module sees the other half-loaded. A circle that a type ' +
        'closes (a format and the encoders that it makes) is none when the program runs.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: typesOnly } },
    },
    {
      name: 'no-orphans',
      comment: 'Imports nothing and nobody imports it: left over, or never connected.',
      severity: 'error',
      from: { orphan: true },
      to: {},
    },
    {
      name: 'everything-resolves',
      comment: 'An import that cannot be found is one that no rule here has judged.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'product-without-dev-dependencies',
      comment: 'Works here, is missing where the package is installed.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'undetermined'],
        dependencyTypesNot: typesOnly,
        pathNot: 'node_modules/@types/',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Else imports of types are not seen, and core could lean on the engine's.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
