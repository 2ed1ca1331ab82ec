/**
 * Holds the imports of all sources against `.dependency-cruiser.cjs` (each rule there says why).
 *
 * The cruiser passes with nothing seen when it cannot read the sources (a TypeScript that it does not know, a wrong
 * path), so this also fails unless it saw every file that is there, and imports in them.
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import { cruise, format, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);

/** The reporters used here give text; the type also covers one that gives an object. */
function text(output: ICruiseResult | string): string {
  return typeof output === 'string' ? output : JSON.stringify(output);
}

const folders = ['src', 'test', 'bench', 'samples', 'tools'];

const config = await extractDepcruiseConfig('./.dependency-cruiser.cjs');
const { output } = await cruise(
  folders,
  { ...config.options, ruleSet: config, validate: true, outputType: 'json' },
  config.options?.enhancedResolveOptions,
  { tsConfig: extractTSConfig('./tsconfig.json') },
);
const result = JSON.parse(text(output)) as ICruiseResult;

const seen = new Set(result.modules.map((module) => module.source));
const missed = globSync(folders.map((folder) => `${folder}/**/*.ts`)).filter((file) => !seen.has(file));
// Our files import 2 to 3 modules each; fewer than one means that files were found and not understood.
const understood = result.summary.totalDependenciesCruised ?? 0;
const empty = understood < seen.size / 2 || seen.size === 0;

const report = await format(result, { outputType: 'err' });
process.stdout.write(`${text(report.output).trim()}\n`);
if (missed.length > 0)
  process.stderr.write(`Not seen by the cruiser, so not checked:\n  ${missed.join('\n  ')}\n`);
if (empty) {
  process.stderr.write(
    `Saw only ${understood} imports in ${seen.size} modules; does dependency-cruiser know this TypeScript version?\n`,
  );
}
if (result.summary.error > 0 || missed.length > 0 || empty) process.exitCode = 1;
