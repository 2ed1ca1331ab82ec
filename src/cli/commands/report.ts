/** `threadmill report`. */
import { bytes, count } from '../../core/figures.ts';
import { datasetArgument, type Command } from '../command.ts';
import { absolutePlace } from '../absolute-place.ts';
import { exitCodes } from '../exit-codes.ts';

export const report: Command = {
  name: 'report',
  group: 'Archives:',
  args: [datasetArgument],
  help: 'Write a page about a dataset: what came in, what came out, how it went.',
  details:
    'One HTML file that needs nothing else: lines by what became of them, rows by month, scores, lengths, depths, ' +
    'subreddits, authors, and the run. Rows are read from Parquet; of more than 3 million some, evenly spaced.',
  example: 'report out/RC_2019-04 --open',
  settings: [],
  flags: [
    { flags: '--to <file>', help: 'where to write it (default: report.html in the dataset)' },
    { flags: '--all', help: 'look at every row, however many there are' },
    { flags: '--open', help: 'show it in the browser' },
  ],
  async run(context, [dataset = '']) {
    const { to, all } = context.options;
    const written = await context.ports.writeReport(dataset, {
      ...(typeof to === 'string' ? { to: absolutePlace(to) } : {}),
      ...(all === true ? { rowsMax: Infinity } : {}),
    });
    const { file, looked, rows } = written;
    if (context.json) context.printJson({ dataset, ...written });
    else context.print(file);
    context.talk(
      `${bytes(written.bytes)}, from ${looked === rows ? `all ${count(rows)}` : `${count(looked)} of ${count(rows)}`} rows`,
    );
    if (context.options['open'] === true) await context.ports.openFile(file);
    return exitCodes.done;
  },
};
