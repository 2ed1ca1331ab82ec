/** `threadmill watch`. */
import { clientGroups, jobArgument, type Command } from '../command.ts';
import { followCorpus } from '../corpus.ts';
import { exitCodes } from '../exit-codes.ts';
import { printResult } from '../report-job.ts';
import { interrupted, withSession } from '../session.ts';

export const watch: Command = {
  name: 'watch',
  group: 'Jobs:',
  args: [jobArgument],
  help: 'Follow a job to its end.',
  details:
    'Ctrl-C or q ends only the watching; p pauses the job and lets it go on, + and - change its batch size. With --json, one object for each progress, then the result.',
  example: 'watch RC_2019-04-1f3a9c',
  settings: clientGroups,
  run: (context, [jobId = '']) =>
    withSession(context, { onInterrupt: 'No longer watching; the job goes on' }, async (session) => {
      if ((await session.threadmill.describeJob(jobId)).kind === 'corpus') {
        return followCorpus(context, session, { jobId, webUrl: null }, (progress) => {
          if (context.json) context.printJson(progress);
        });
      }
      const followed = await session.follow(
        (options) => session.threadmill.waitForJob(jobId, options),
        (progress) => {
          if (context.json) context.printJson(progress);
        },
      );
      if (followed === interrupted) return exitCodes.interrupted;
      const { result, last } = followed;
      printResult(context, result, { parts: last?.state === 'done' ? last.parts : null });
      return exitCodes.done;
    }),
};
