/** How commands tell what became of jobs: one place for text and JSON. */
import type { ArchiveInspection } from '../contract/job.ts';
import { optionalSettingKeys } from '../contract/output-settings.ts';
import { checkArchive } from './check-archive.ts';
import type { CommandContext } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import type { AnyResult } from './ports.ts';
import { painter } from './render/paint.ts';
import { reframedBlock } from './render/reframed.ts';
import { summaryBlock, type SummaryExtras } from './render/summary.ts';
import { reportError } from './report-error.ts';

/** Loading what checks them is worth it only where there is something to check. */
function selects(values: CommandContext['settings']['values']): boolean {
  return optionalSettingKeys.some((key) => values[key] !== null && values[key] !== false);
}

/** A finished job, on stdout. */
export function printResult(
  context: CommandContext,
  result: AnyResult,
  extras: Partial<Omit<SummaryExtras, 'paint'>> & { readonly alreadyDone?: boolean } = {},
): void {
  const { alreadyDone, ...shown } = extras;
  if (context.json) {
    context.printJson({ ...result, ...(alreadyDone === undefined ? {} : { alreadyDone }) });
    return;
  }
  const paint = painter(context.io.color && context.io.stdout.isTTY === true);
  const all = { webUrl: null, parts: null, ...shown, paint };
  const block = 'output' in result ? reframedBlock(result, all) : summaryBlock(result, all);
  for (const line of block) context.print(line);
}

/** What went wrong with one of several archives; the others go on. */
export function printFailure(
  context: CommandContext,
  error: unknown,
  about: Readonly<Record<string, string>>,
): void {
  reportError(error, context.io, { json: context.json, about });
}

/** Lines of text on stdout, or with `--json` the value. */
export function printBlock(context: CommandContext, value: unknown, lines: () => readonly string[]): void {
  if (context.json) context.printJson(value);
  else for (const line of lines()) context.print(line);
}

/**
 * The archives whose beginning can be read as an archive; what is wrong with the others is told. A look
 * of milliseconds that touches nothing: a wrong file starts no server and leaves no folder.
 */
export async function readableArchives(
  context: CommandContext,
  given: readonly string[],
): Promise<readonly ArchiveInspection[]> {
  const good: ArchiveInspection[] = [];
  for (const archive of given) {
    try {
      const path = await checkArchive(archive);
      const { values } = context.settings;
      const found = await context.ports.inspectArchive(path, { salvage: values.salvage });
      if (selects(values))
        await context.ports.checkSelection(values, found.kind, context.options['join'] === true);
      good.push(found);
    } catch (error) {
      if (exitCodeOf(error) === exitCodes.usage) throw error;
      printFailure(context, error, { archive });
    }
  }
  return good;
}
