/** What `head` and `sample` share: rows of one archive on stdout, and a word about the rest on stderr. */
import type { JobSettings } from '../contract/job.ts';
import { ThreadmillError } from '../core/errors.ts';
import { totalOf, type Counters } from '../core/fates.ts';
import { toJobSettings } from '../settings.ts';
import { checkArchive } from './check-archive.ts';
import type { CommandFlag } from './command.ts';
import type { CommandContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import type { PeekRequest } from './ports.ts';
import { count } from '../core/figures.ts';

export const formatFlag: CommandFlag = {
  flags: '--format <format>',
  help: 'jsonl, jsonl.zst, csv or parquet (default: jsonl, the original lines)',
};

function usage(message: string): ThreadmillError {
  return new ThreadmillError('USAGE', message);
}

/** A whole number of at least `min` given by a flag; null where it is not given. */
export function wholeNumber({ options }: CommandContext, flag: string, min: number): number | null {
  const raw = options[flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
  if (raw === undefined) return null;
  const text = typeof raw === 'string' ? raw : '';
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= min) return value;
  throw usage(`--${flag} is ${JSON.stringify(raw)}: must be a whole number of ${min} or more`);
}

/** Of settings that come from elsewhere the format is a job's, not that of a look. */
function formatOf({ settings, json, io }: CommandContext): JobSettings['format'] {
  const format = settings.sources.format.kind === 'flag' ? settings.values.format : 'jsonl';
  if (json && format !== 'jsonl')
    throw usage(`--json gives lines of JSON: it can't go with --format ${format}`);
  if ((format === 'parquet' || format === 'jsonl.zst') && io.stdout.isTTY === true)
    throw usage(`${format} is nothing for a terminal; send it into a file: > rows.${format}`);
  return format;
}

function talkOf({ lines, kept, excluded, rejected, blank }: Counters): string {
  const others = [
    ...Object.entries(excluded).map(([rule, lines_]) => [rule, lines_] as const),
    ['rejected', totalOf(rejected)] as const,
    ['blank', blank] as const,
  ].filter(([, number]) => number > 0);
  const rest = others.map(([name, number]) => `${count(number)} ${name}`).join(', ');
  return `${count(kept)} rows of ${count(lines)} lines${rest === '' ? '' : `; ${rest}`}`;
}

/** Writes the rows that are asked for to stdout. */
export async function peekAt(
  context: CommandContext,
  archive: string,
  wanted: Pick<PeekRequest, 'rowsMax' | 'sample' | 'from'>,
): Promise<number> {
  const { io, ports, settings } = context;
  const format = formatOf(context);
  const counters = await ports.peekArchive(await checkArchive(archive), {
    ...wanted,
    settings: { ...toJobSettings(settings.values), format },
    nowSeconds: Math.floor(io.nowMs() / 1000),
    onBytes: (bytes) => void io.stdout.write(bytes),
  });
  context.talk(talkOf(counters));
  return exitCodes.done;
}
