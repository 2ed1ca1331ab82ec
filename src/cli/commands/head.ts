/** `threadmill head`. */
import type { Command } from '../command.ts';
import { formatFlag, peekAt, wholeNumber } from '../peek-command.ts';

const rowsDefault = 20;

export const head: Command = {
  name: 'head',
  group: 'Archives:',
  args: [{ spec: '<archive>', help: 'archive: .zst, .zst_blocks, .ndjson, .jsonl or .gz' }],
  help: 'The first rows of an archive, on stdout.',
  details:
    'At once: no server, no worker, no files. The rows are those that a job with the same rules and selection would keep.',
  example: 'head RC_2019-04.zst -n 5 --subreddit askhistorians --columns author,score,body --format csv',
  settings: ['columns', 'filter', 'selection'],
  flags: [
    { flags: '-n, --rows <n>', help: `so many rows (default: ${rowsDefault})` },
    {
      flags: '--at <byte>',
      help: 'from the line at this byte of the text on, as rejects tells it; default: the first',
    },
    formatFlag,
  ],
  run(context, [archive = '']) {
    return peekAt(context, archive, {
      rowsMax: wholeNumber(context, 'rows', 1) ?? rowsDefault,
      from: wholeNumber(context, 'at', 0) ?? 0,
      sample: null,
    });
  },
};
