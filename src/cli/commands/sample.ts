/** `threadmill sample`. */
import { ThreadmillError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { formatFlag, peekAt, wholeNumber } from '../peek-command.ts';

const rateDefault = 0.001;
const seedDefault = 1;

function rateOf({ options }: CommandContext): number {
  const raw = options['rate'];
  if (raw === undefined) return rateDefault;
  const match = /^\s*(\d+(?:\.\d*)?|\.\d+)(?:e(-\d+))?\s*(%?)\s*$/i.exec(String(raw));
  const rate =
    match === null ? NaN : Number(`${match[1] ?? ''}e${match[2] ?? '0'}`) / (match[3] === '%' ? 100 : 1);
  if (rate > 0 && rate <= 1) return rate;
  throw new ThreadmillError(
    'USAGE',
    `--rate is ${JSON.stringify(raw)}: must be a share above 0 and at most 1, such as 0.001 or 0.1%`,
  );
}

export const sample: Command = {
  name: 'sample',
  group: 'Archives:',
  args: [{ spec: '<archive>', help: 'archive: .zst, .zst_blocks, .ndjson, .jsonl or .gz' }],
  help: 'A random sample of the rows of an archive, on stdout.',
  details:
    'At once: no server, no worker, no files; but the whole archive is read. The same seed gives the same rows: they are drawn ' +
    'by a hash of their ids, so a line that is in the sample of one archive is in that of every other that holds it.',
  example: 'sample RC_2019-04.zst --rate 0.1% --seed 7 --format csv',
  settings: ['columns', 'filter', 'selection'],
  flags: [
    { flags: '--rate <share>', help: `share of the rows (default: ${rateDefault})` },
    { flags: '--seed <n>', help: `another seed, another sample (default: ${seedDefault})` },
    { flags: '-n, --rows <n>', help: 'no more than so many rows: the first ones of the sample' },
    formatFlag,
  ],
  run(context, [archive = '']) {
    const seed = wholeNumber(context, 'seed', 0) ?? seedDefault;
    return peekAt(context, archive, {
      rowsMax: wholeNumber(context, 'rows', 1),
      sample: { rate: rateOf(context), seed },
    });
  },
};
