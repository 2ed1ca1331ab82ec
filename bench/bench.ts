/**
 * `npm run bench`: threadmill, `zstd -dc` and what a user would pick instead, in one run on one machine.
 * See README.md beside this file.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { archiveOf, type ArchiveName, type BenchArchive } from './suite/archives.ts';
import { commitOf, load, machineText, sourcesOf, versionOf } from './suite/machine.ts';
import { run } from './suite/measure.ts';
import {
  batchRows,
  commandRow,
  engineRow,
  engineRows,
  floorRow,
  jobRow,
  splitRows,
} from './suite/our-rows.ts';
import { selectionRows } from './suite/selection-rows.ts';
import { parquetPeerRows, peerRows } from './suite/peer-rows.ts';
import { Results } from './suite/results.ts';
import type { Row } from './suite/row.ts';
import { runRounds } from './suite/run-rows.ts';
import { Stage } from './suite/stage.ts';
import { measureStartUp, type StartUp } from './suite/start-up.ts';
import { batchTable, growthTable, speedTable, startUpTable } from './suite/tables.ts';
import { targetsTable } from './suite/targets.ts';
import { findTools, type Tools } from './suite/tools.ts';

const usage = `npm run bench -- [flags]

  --rounds N     runs of each row (3)
  --small        everything on 200 MB, for trying the bench itself
  --large        20 GB as well, once
  --rows TEXT    only rows whose id holds one of these words, by commas (and zstd -dc)
  --resume       go on with the run that was interrupted
  --no-start-up  leave npm start out
  --save         write bench/results/<version>-<date>.md`;

const root = path.resolve(import.meta.dirname, '..');
const home = path.join(root, '.bench');

interface Plan {
  readonly rounds: number;
  readonly small: boolean;
  readonly large: boolean;
  readonly words: readonly string[];
  readonly resume: boolean;
  readonly startUp: boolean;
  readonly save: boolean;
}

interface Archives {
  readonly main: BenchArchive;
  readonly little: BenchArchive;
  readonly submissions: BenchArchive;
  readonly growth: readonly BenchArchive[];
}

function planOf(args: readonly string[]): Plan | null {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      rounds: { type: 'string', default: '3' },
      rows: { type: 'string', default: '' },
      'start-up': { type: 'boolean', default: true },
      small: flag,
      large: flag,
      resume: flag,
      save: flag,
      help: flag,
    },
  });
  if (values.help) return null;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`--rounds is '${values.rounds}', but must be 1 or more`);
  const { small, large, resume, save } = values;
  const words = values.rows.split(',').filter((word) => word !== '');
  if (save && (small || words.length > 0 || !values['start-up']))
    throw new RangeError('--save keeps the result of a release: it needs all rows, on the whole archives');
  return { rounds, small, large, resume, save, words, startUp: values['start-up'] };
}

async function archivesFor({ small, large }: Plan, signal: AbortSignal): Promise<Archives> {
  const make = (name: ArchiveName): Promise<BenchArchive> =>
    archiveOf(name, path.join(home, 'archives'), { signal, say });
  const little = await make('comments-200MB');
  const main = small ? little : await make('comments-2GB');
  const submissions = await make('submissions-300MB');
  const growth = [little, ...(small ? [] : [main]), ...(large ? [await make('comments-20GB')] : [])];
  // so that the first row does not read from the disk what the others find in memory
  const files = [...growth, submissions].map((archive) => archive.path);
  await run(['cat', ...files], { timeoutMs: 600_000, signal, gnuTime: null, discard: true });
  return { main, little, submissions, growth };
}

function rowsOf(
  plan: Plan,
  { main, little, submissions, growth }: Archives,
  stage: Stage,
  tools: Tools,
): readonly Row[] {
  const rows = [
    floorRow(main),
    ...engineRows(main),
    jobRow(stage, main),
    jobRow(stage, main, { format: 'jsonl.zst' }),
    commandRow(stage, main),
    ...peerRows(main, little, tools),
    ...batchRows(main),
    ...selectionRows(main),
    ...splitRows(stage, main),
    floorRow(submissions),
    engineRow(submissions, 'parquet'),
    jobRow(stage, submissions),
    ...parquetPeerRows(submissions, tools),
    ...growth
      .filter((archive) => archive !== main)
      .flatMap((archive) => {
        const once = archive.bytes > 4e9;
        return [{ ...floorRow(archive), once }, jobRow(stage, archive, { once })];
      }),
  ];
  const { words } = plan;
  return words.length === 0
    ? rows
    : rows.filter(({ id }) => id.startsWith('zstd@') || words.some((word) => id.includes(word)));
}

async function startUps({ startUp, rounds, words }: Plan, signal: AbortSignal): Promise<readonly StartUp[]> {
  if (!startUp || words.length > 0) return [];
  say('npm start, cold and warm');
  try {
    return await measureStartUp({ rounds, signal, scratch: path.join(home, 'scratch') });
  } catch (error) {
    signal.throwIfAborted();
    say(`npm start could not be measured: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

function report(
  plan: Plan,
  {
    archives,
    results,
    startUp,
    tools,
    loads,
  }: {
    readonly archives: Archives;
    readonly results: Results;
    readonly startUp: readonly StartUp[];
    readonly tools: Tools;
    readonly loads: readonly [number, number];
  },
): string {
  const { main, submissions, growth } = archives;
  const today = new Date().toISOString().slice(0, 10);
  const sections = [
    `# threadmill ${versionOf()} on ${today}\n\nCommit ${commitOf()}, ${plan.rounds} rounds, every row once a round. Load of the machine ` +
      `before ${loads[0].toFixed(1)}, after ${loads[1].toFixed(1)}. What each row and column is: [README](../README.md).`,
    machineText(tools),
    `## ${describe(main)}\n\n${speedTable(results, main)}`,
    `## ${describe(submissions)}\n\n${speedTable(results, submissions)}`,
    `## Growth\n\n${growthTable(results, growth)}`,
    `## Batch size\n\n${batchTable(results, main)}`,
    ...(startUp.length === 0 ? [] : [`## Start-up, seconds\n\n${startUpTable(startUp)}`]),
    `## What it must show\n\n${targetsTable(results, { main, growth, startUp })}`,
  ];
  return sections.join('\n\n');
}

function describe({ kind, bytes, compressedBytes, lines }: BenchArchive): string {
  const size = bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
  return `${size} of ${kind}: ${lines} lines, ${Math.round(compressedBytes / 1e6)} MB as one frame, window 2 GiB`;
}

class Interrupted extends Error {}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

async function measure(plan: Plan, signal: AbortSignal): Promise<string> {
  const scratch = path.join(home, 'scratch');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const tools = findTools(path.join(home, 'venv'));
  if (tools.zstd === null) throw new Error('zstd is not installed: without it there is no floor (README.md)');
  if (tools.gnuTime === null)
    say('GNU time is not installed: CPU and memory of whole processes stay unknown');
  const archives = await archivesFor(plan, signal);
  const before = load();
  if (before > 0.5) say(`The machine is not quiet: load ${before.toFixed(1)}`);
  const dataDir = path.join(scratch, 'server');
  mkdirSync(dataDir);
  const stage = await Stage.open(dataDir, signal);
  try {
    const rows = rowsOf(plan, archives, stage, tools);
    const identity = [
      sourcesOf(),
      process.version,
      plan.small ? 'small' : 'whole',
      archives.main.compressedBytes,
    ];
    const measured = await runRounds(rows, {
      rounds: plan.rounds,
      resume: plan.resume,
      identity: identity.join(' '),
      journal: path.join(home, 'journal.jsonl'),
      gnuTime: tools.gnuTime,
      ...{ scratch, signal, say },
    });
    const startUp = await startUps(plan, signal);
    const results = new Results(measured);
    return report(plan, { archives, results, startUp, tools, loads: [before, load()] });
  } finally {
    await stage.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const plan = planOf(process.argv.slice(2));
  if (plan === null) {
    console.log(usage);
    return;
  }
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupt.abort(new Interrupted(`${signal}: --resume goes on`));
    });
  }
  const text = await measure(plan, interrupt.signal);
  console.log(text);
  if (!plan.save) return;
  const folder = path.join(import.meta.dirname, 'results');
  const file = path.join(folder, `${versionOf()}-${new Date().toISOString().slice(0, 10)}.md`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
  say(`Saved ${path.relative(root, file)}`);
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof Interrupted ? 130 : error instanceof RangeError ? 2 : 1;
});
