import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const noneButStrings = { allowAny: false, allowBoolean: false, allowNullish: false, allowRegExp: false };

/** Written reasons only: `// eslint-disable-next-line rule -- why`, as style.md asks of every exception. */
const disableWithReason = {
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        const text = comment.value.trim();
        if (text.startsWith('eslint-disable') && !/\s--\s+\S/.test(text)) {
          context.report({ loc: comment.loc, message: 'Say why the rule is off here: `-- reason`.' });
        }
      }
    },
  }),
};

const shapes = [
  {
    // One name per thing, the same at both ends: a default export is named anew by every importer.
    selector: 'ExportDefaultDeclaration',
    message: 'No default exports: name the export, so that every importer calls it the same.',
  },
  {
    // What a module offers can be read in the module, and a new name in a leaf never becomes API by accident.
    selector: 'ExportAllDeclaration',
    message: 'No `export *`: list the names, so that the module says what it offers.',
  },
  {
    // Node runs the sources by erasing types, and an enum is code; on the wire it would be a number without meaning.
    selector: 'TSEnumDeclaration',
    message: 'No enums: use a union of string literals.',
  },
];

const environment =
  'Only src/settings.ts and src/server/environment.ts read the environment; take it as an argument.';

export default defineConfig(
  // wasm: another language, which its own compiler checks
  { ignores: ['dist/', 'coverage/', 'out/', 'data/', '.bench/', 'wasm/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { threadmill: { rules: { 'disable-with-reason': disableWithReason } } },
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'threadmill/disable-with-reason': 'error',
      'no-restricted-syntax': ['error', ...shapes],
      // `import { type X }` still loads the module. In src/workflows that would pull the activities into the bundle.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // A union that gets a new member must fail here, unless the switch has a default (`assertNever`, or meant so).
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Counts, sizes and offsets stand in most messages, and a number has only one text. The rest stays forbidden,
      // above all null and undefined.
      '@typescript-eslint/restrict-template-expressions': ['error', { ...noneButStrings, allowNumber: true }],
      '@typescript-eslint/restrict-plus-operands': [
        'error',
        { ...noneButStrings, allowNumberAndString: true },
      ],
      // `const { bundle: _bundle, ...rest } = options` is how a property is left out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // `== null` stays: generated protobuf types say null and undefined for the same thing.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      // stdout carries results that programs read, stderr what people read: src/cli decides which, the logger the rest.
      'no-console': 'error',
      // Settings are validated as a whole and reported with their source; a second reader would pass both by.
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: environment }],
      'no-restricted-imports': [
        'error',
        {
          paths: ['process', 'node:process'].map((name) => ({
            name,
            importNames: ['env'],
            message: environment,
          })),
        },
      ],
      // 400 lines is where a file has stopped being one idea; prose and blank lines are free.
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['src/settings.ts', 'src/server/environment.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['src/workflows/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...shapes,
        {
          // Any error but Temporal's own fails the workflow task instead of the workflow, and is retried for ever.
          selector: 'ThrowStatement > NewExpression[callee.name!=/^(Application|Cancelled)Failure$/]',
          message: 'Workflow code throws ApplicationFailure only (CancelledFailure when it was cancelled).',
        },
      ],
    },
  },
  {
    files: ['samples/generator/**/*.ts'],
    rules: {
      // Tables are indexed by as many random bits as they have entries, millions of times a second.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
