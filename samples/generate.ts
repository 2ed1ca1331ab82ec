/** Makes a realistic Pushshift archive: `npx node samples/generate.ts --help`. */
import { parseArgs } from 'node:util';
import { generateArchive, type ArchiveOptions } from './generator/archive.ts';
import { eras } from './generator/months.ts';

const usage = `npx node samples/generate.ts --out FILE [flags]

  --kind comments|submissions   what the lines are (comments)
  --era ERA                     ${eras.join(' ')}, a month 2023-01, or a range 2013-01..2023-12 (2023)
  --bytes SIZE                  decompressed size, e.g. 500MB, 2GB, 64KiB (10MB)
  --seed N                      another archive for each (1)
  --subreddit NAME              all in one subreddit
  --dirty                       with lines that can't be read, at known counts
  --dirty-every N               lines between two pieces of dirt (300)
  --long N                      log2 of the zstd window: 31 as in monthly dumps (21)
  --level N                     compression level (3)
  --frames N | --frame-bytes SIZE   many zstd frames
  --checksum                    a checksum at the end of each frame
  --plain | --gzip              no zstd

Prints what was made, and what a correct reader must find in it, as JSON.`;

const units: Readonly<Record<string, number>> = {
  '': 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

function parseSize(flag: string, text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? [];
  const factor = units[unit.toLowerCase()];
  if (number === undefined || factor === undefined)
    throw new RangeError(`Cannot read ${flag} '${text}': give a size like 500MB.`);
  return Math.round(Number(number) * factor);
}

function parseNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`Cannot read ${flag} '${text}': give a whole number.`);
  return Number(text);
}

function parseKind(text: string): ArchiveOptions['kind'] {
  if (text === 'comments' || text === 'submissions') return text;
  throw new RangeError(`Cannot read --kind '${text}': give comments or submissions.`);
}

function parseOptions(
  args: readonly string[],
): { readonly options: ArchiveOptions; readonly out: string } | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      kind: { ...text, default: 'comments' },
      era: { ...text, default: '2023' },
      bytes: { ...text, default: '10MB' },
      seed: { ...text, default: '1' },
      out: text,
      subreddit: text,
      long: text,
      level: text,
      frames: text,
      'frame-bytes': text,
      'dirty-every': text,
      dirty: flag,
      checksum: flag,
      plain: flag,
      gzip: flag,
      help: flag,
    },
  });
  if (values.help) return undefined;
  if (values.out === undefined) throw new RangeError('Cannot write an archive: --out FILE is missing.');
  if (values.plain && values.gzip)
    throw new RangeError('Cannot pack an archive: give --plain or --gzip, not both.');
  const options: ArchiveOptions = {
    kind: parseKind(values.kind),
    era: values.era,
    bytes: parseSize('--bytes', values.bytes),
    seed: parseNumber('--seed', values.seed),
    dirty: values.dirty,
    checksum: values.checksum,
    packing: values.plain ? 'plain' : values.gzip ? 'gzip' : 'zstd',
    ...(values.subreddit !== undefined && { subreddit: values.subreddit }),
    ...(values.long !== undefined && { windowLog: parseNumber('--long', values.long) }),
    ...(values.level !== undefined && { level: parseNumber('--level', values.level) }),
    ...(values.frames !== undefined && { frames: parseNumber('--frames', values.frames) }),
    ...(values['frame-bytes'] !== undefined && {
      frameBytes: parseSize('--frame-bytes', values['frame-bytes']),
    }),
    ...(values['dirty-every'] !== undefined && {
      dirtyEvery: parseNumber('--dirty-every', values['dirty-every']),
    }),
  };
  return { options, out: values.out };
}

async function main(): Promise<void> {
  const request = parseOptions(process.argv.slice(2));
  if (request === undefined) {
    console.log(usage);
    return;
  }
  const start = performance.now();
  const result = await generateArchive(request.options, request.out);
  const seconds = (performance.now() - start) / 1000;
  console.log(JSON.stringify({ out: request.out, seconds: Number(seconds.toFixed(2)), ...result }, null, 2));
}

main().catch((error: unknown) => {
  // Wrong flags are the caller's; anything else is ours and shows its stack.
  const usageError = error instanceof RangeError || (error instanceof TypeError && 'code' in error);
  console.error(usageError ? `${error.message}\n\n${usage}` : error);
  process.exitCode = usageError ? 2 : 1;
});
