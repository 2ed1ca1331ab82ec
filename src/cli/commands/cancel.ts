/** `threadmill cancel`. */
import { clientGroups, jobArgument, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { requireOpenJob } from '../open-job.ts';
import { printBlock } from '../report-job.ts';
import { withThreadmill } from '../session.ts';

export const cancel: Command = {
  name: 'cancel',
  group: 'Jobs:',
  args: [jobArgument],
  help: 'End a job; resume can go on with it.',
  details: 'What is committed stays.',
  example: 'cancel RC_2019-04-1f3a9c',
  settings: clientGroups,
  run: (context, [jobId = '']) =>
    withThreadmill(context, async (threadmill) => {
      await requireOpenJob(threadmill, jobId, 'cancel');
      await threadmill.cancelJob(jobId);
      printBlock(context, { jobId, requested: 'cancel' }, () => [
        `Cancelling ${jobId}: its committed parts stay, and threadmill resume ${jobId} goes on from there`,
      ]);
      return exitCodes.done;
    }),
};
