/** `threadmill stats`. */
import { clientGroups, jobArgument, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { statsBlock } from '../render/blocks.ts';
import { printBlock } from '../report-job.ts';
import { withThreadmill } from '../session.ts';

export const stats: Command = {
  name: 'stats',
  group: 'Jobs:',
  args: [jobArgument],
  help: "What a job's worker uses: memory, CPU, rate, batches.",
  example: 'stats RC_2019-04-1f3a9c',
  settings: clientGroups,
  run: (context, [jobId = '']) =>
    withThreadmill(context, async (threadmill) => {
      const figures = await threadmill.getCurrentStats(jobId);
      printBlock(context, figures, () => statsBlock(figures));
      return exitCodes.done;
    }),
};
