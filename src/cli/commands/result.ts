/** `threadmill result`. */
import { clientGroups, jobArgument, type Command } from '../command.ts';
import { isCorpusResult, printCorpusResult } from '../corpus.ts';
import { exitCodes } from '../exit-codes.ts';
import { printResult } from '../report-job.ts';
import { withThreadmill } from '../session.ts';

export const result: Command = {
  name: 'result',
  group: 'Jobs:',
  args: [jobArgument],
  help: 'What a finished job did.',
  details: 'Every line accounted for. Exit code 1 where the job failed, or runs still.',
  example: 'result RC_2019-04-1f3a9c --json',
  settings: clientGroups,
  run: (context, [jobId = '']) =>
    withThreadmill(context, async (threadmill) => {
      const found = await threadmill.getResult(jobId);
      if (isCorpusResult(found)) return printCorpusResult(context, found, null);
      printResult(context, found);
      return exitCodes.done;
    }),
};
