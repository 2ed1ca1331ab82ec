/** `threadmill status`. */
import { clientGroups, jobArgument, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { statusBlock } from '../render/blocks.ts';
import { corpusStatusBlock } from '../render/corpus.ts';
import { printBlock } from '../report-job.ts';
import { withThreadmill } from '../session.ts';

export const status: Command = {
  name: 'status',
  group: 'Jobs:',
  args: [jobArgument],
  help: 'How far a job is.',
  example: 'status RC_2019-04-1f3a9c',
  settings: clientGroups,
  run: (context, [jobId = '']) =>
    withThreadmill(context, async (threadmill) => {
      if ((await threadmill.describeJob(jobId)).kind === 'corpus') {
        const corpus = await threadmill.corpora.getProgress(jobId);
        printBlock(context, corpus, () => corpusStatusBlock(corpus));
        return exitCodes.done;
      }
      const progress = await threadmill.getJobProgress(jobId);
      printBlock(context, progress, () => statusBlock(progress));
      return exitCodes.done;
    }),
};
