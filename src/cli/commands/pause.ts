/** `threadmill pause`. */
import { clientGroups, jobArgument, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { requireOpenJob } from '../open-job.ts';
import { printBlock } from '../report-job.ts';
import { withThreadmill } from '../session.ts';

export const pause: Command = {
  name: 'pause',
  group: 'Jobs:',
  args: [jobArgument],
  help: 'Pause a job until resume.',
  details: 'Within seconds; what is committed stays.',
  example: 'pause RC_2019-04-1f3a9c',
  settings: clientGroups,
  run: (context, [jobId = '']) =>
    withThreadmill(context, async (threadmill) => {
      await requireOpenJob(threadmill, jobId, 'pause');
      await threadmill.pauseJob(jobId);
      printBlock(context, { jobId, requested: 'pause' }, () => [
        `Paused ${jobId}; threadmill resume ${jobId} goes on`,
      ]);
      return exitCodes.done;
    }),
};
