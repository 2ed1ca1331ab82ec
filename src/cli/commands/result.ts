/** `threadmill result`. */
import { ThreadmillError } from '../../core/errors.ts';
import { clientGroups, jobArgument, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { printResult } from '../report-job.ts';
import { withThreadmill } from '../session.ts';

export const result: Command = {
  name: 'result',
  group: 'Jobs:',
  args: [jobArgument],
  help: 'What a finished job did.',
  details: 'Every line accounted for. Exit code 1 where the job failed.',
  example: 'result RC_2019-04-1f3a9c --json',
  settings: clientGroups,
  run: (context, [jobId = '']) =>
    withThreadmill(context, async (threadmill) => {
      const job = await threadmill.describeJob(jobId);
      if (job.closedMs === null) {
        throw new ThreadmillError(
          'USAGE',
          `Cannot give the result of job "${jobId}": it is ${job.status}; threadmill watch ${jobId} waits for it`,
          { facts: { jobId, status: job.status } },
        );
      }
      printResult(context, await threadmill.getResult(jobId));
      return exitCodes.done;
    }),
};
