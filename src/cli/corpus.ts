/** Many archives on a command line: what names them, and the corpus that they become. */
import { resolve } from 'node:path';
import type { CorpusResult } from '../contract/corpus.ts';
import { joinProblem } from '../contract/join.ts';
import { ThreadmillError } from '../core/errors.ts';
import { count } from '../core/figures.ts';
import type { CommandContext } from './context.ts';
import { corpusReporter } from './corpus-reporter.ts';
import { exitCodes } from './exit-codes.ts';
import type { Threadmill } from './ports.ts';
import { corpusSummary } from './render/corpus.ts';
import { painter } from './render/paint.ts';
import { printBlock } from './report-job.ts';
import { interrupted, type Session } from './session.ts';

/** Shared by `run` and `start`. */
export const corpusFlags = [
  { flags: '--list <file>', help: 'a file with more archives, one a line' },
  {
    flags: '--concurrency <n>',
    help: 'of many archives: so many large ones at a time, and so many batches of small ones (default 4)',
  },
] as const;

/** Whether what is named is a corpus: a folder, a pattern, a list, `-`, or several archives that are not a pair to join. */
export async function isCorpusRequest(context: CommandContext, args: readonly string[]): Promise<boolean> {
  const { options, ports } = context;
  if (options['list'] !== undefined || args.includes('-')) return true;
  if (args.length === 0)
    throw new ThreadmillError('USAGE', "Missing required argument 'archive'; see threadmill run --help");
  if (args.length !== 1) return args.length > (options['join'] === true ? 2 : 1);
  return ports.meansMany(args[0] ?? '');
}

/** What is asked of the library. */
interface CorpusRequest {
  readonly archives: readonly string[];
  readonly list?: string;
  readonly concurrency?: number;
}

/**
 * The request that the arguments make; looks whether there is any archive, before a server is started for none.
 *
 * @throws {ThreadmillError} USAGE, SETTINGS_INVALID, ARCHIVE_MISSING
 */
export async function corpusRequest(
  context: CommandContext,
  args: readonly string[],
): Promise<CorpusRequest> {
  const { options, ports, settings } = context;
  const { values } = settings;
  const problem = options['join'] === true ? joinProblem(values) : null;
  if (problem !== null) throw problem;
  const list = typeof options['list'] === 'string' ? resolve(options['list']) : undefined;
  const named = args.filter((name) => name !== '-');
  // a line that begins with # is a remark, as in a list
  if (args.includes('-')) {
    const lines = (await ports.readInput()).split(/\r?\n|\0/).map((line) => line.trim());
    // as in a list, a line that begins with # is a remark
    named.push(...lines.filter((line) => line !== '' && !line.startsWith('#')));
  }
  const found = await ports.findArchives({ archives: named, list, out: resolve(values.out) });
  context.talk(`${count(found.length)} ${found.length === 1 ? 'archive' : 'archives'}`);
  return {
    archives: named,
    ...(list === undefined ? {} : { list }),
    ...concurrencyOf(options['concurrency']),
  };
}

function concurrencyOf(raw: string | boolean | undefined): { readonly concurrency?: number } {
  if (raw === undefined) return {};
  return { concurrency: concurrency(raw) };
}

/** A `--concurrency`, as a number; the library says what is allowed. @throws {ThreadmillError} USAGE */
export function concurrency(raw: string | boolean): number {
  const value = Number(raw);
  if (Number.isInteger(value)) return value;
  throw new ThreadmillError('USAGE', `--concurrency is ${JSON.stringify(raw)}, but must be a whole number`);
}

/** Starts the corpus, or finds it running; tells which, and where it is shown. */
async function startIt(
  context: CommandContext,
  threadmill: Threadmill,
  request: CorpusRequest,
): ReturnType<Threadmill['corpora']['start']> {
  const { archives, ...more } = request;
  const { options, settings } = context;
  const started = await threadmill.corpora.start(archives, undefined, {
    ...more,
    out: resolve(settings.values.out),
    join: options['join'] === true,
    again: options['again'] === true,
  });
  const { jobId, webUrl, alreadyRunning } = started;
  context.talk(
    `${alreadyRunning ? 'Going on with' : 'Corpus'} ${jobId}${webUrl === null ? '' : `  ${webUrl}`}`,
  );
  return started;
}

/** `threadmill start` of a corpus. */
export async function submitCorpus(
  context: CommandContext,
  threadmill: Threadmill,
  request: CorpusRequest,
): Promise<void> {
  const started = await startIt(context, threadmill, request);
  printBlock(context, started, () => [started.jobId]);
}

/** `threadmill run` of a corpus: works, follows it to its end, and tells what became of it. */
export async function runCorpus(
  context: CommandContext,
  session: Session,
  request: CorpusRequest,
): Promise<number> {
  const { jobId, webUrl } = await startIt(context, session.threadmill, request);
  await session.work();
  return followCorpus(context, session, { jobId, webUrl });
}

/** Whether what a job gave is a corpus's. */
export function isCorpusResult(result: object): result is CorpusResult {
  return 'ledger' in result;
}

/** Waits for a corpus's end and prints its result; the exit code. */
export async function followCorpus(
  context: CommandContext,
  session: Session,
  { jobId, webUrl }: { readonly jobId: string; readonly webUrl: string | null },
  onProgress: (progress: unknown) => void = () => undefined,
): Promise<number> {
  const reporter = corpusReporter(context);
  const result = await session.wait(
    (signal) =>
      session.threadmill.corpora.waitFor(jobId, {
        signal,
        onProgress: (progress) => {
          if (signal.aborted) return;
          onProgress(progress);
          reporter.show(progress);
        },
      }),
    reporter,
  );
  if (result === interrupted) {
    const error = { code: 'INTERRUPTED', message: 'Interrupted; the same command goes on', facts: { jobId } };
    if (context.json) context.printJson({ success: false, jobId, error });
    return exitCodes.interrupted;
  }
  return printCorpusResult(context, result, webUrl);
}

/** A corpus that is through, on stdout; the exit code. */
export function printCorpusResult(
  context: CommandContext,
  result: CorpusResult,
  webUrl: string | null,
): number {
  const paint = painter(context.io.color && context.io.stdout.isTTY === true);
  printBlock(context, result, () => corpusSummary(result, { webUrl, paint }));
  return result.success ? exitCodes.done : exitCodes.failed;
}
