/** `threadmill resume`: a paused job is let go on, an ended one goes on from its last committed part. */
import { allGroups, jobArgument, type Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { followCorpus } from '../corpus.ts';
import { exitCodes } from '../exit-codes.ts';
import { printBlock, printResult } from '../report-job.ts';
import { interrupted, withSession, type Session } from '../session.ts';
import { detachText } from './run.ts';

async function unpause(context: CommandContext, session: Session, jobId: string): Promise<number> {
  await session.threadmill.unpauseJob(jobId);
  printBlock(context, { jobId, requested: 'resume' }, () => [`Resumed ${jobId}`]);
  if (session.threadmill.uiUrl !== null) {
    context.talk('It needs a worker: the threadmill run that it belongs to, or threadmill worker');
  }
  return exitCodes.done;
}

async function goOn(context: CommandContext, session: Session, jobId: string): Promise<number> {
  // A cluster has workers of its own; of the embedded server's there may be none.
  if (session.threadmill.uiUrl !== null) await session.work();
  const followed = await session.follow((options) => session.threadmill.resumeJob(jobId, options));
  if (followed === interrupted) return exitCodes.interrupted;
  const { result, last } = followed;
  printResult(context, result, { parts: last?.state === 'done' ? last.parts : null });
  return exitCodes.done;
}

export const resume: Command = {
  name: 'resume',
  group: 'Jobs:',
  args: [jobArgument],
  help: 'Go on with a paused, failed, cancelled or terminated job.',
  details:
    'A paused job is let go on. An ended one goes on from its last committed part, and is followed to its end; with ' +
    'the embedded server a worker for it runs in this process.',
  example: 'resume RC_2019-04-1f3a9c',
  settings: allGroups,
  run: (context, [jobId = '']) =>
    withSession(
      context,
      { onInterrupt: 'Stopping; the same command goes on', onDetach: detachText },
      async (session) => {
        const job = await session.threadmill.describeJob(jobId);
        if (job.closedMs === null) return unpause(context, session, jobId);
        if (job.kind === 'corpus') {
          // done or not: archives that failed are tried again
          await session.threadmill.corpora.restart(jobId);
          if (session.threadmill.uiUrl !== null) await session.work();
          return followCorpus(context, session, { jobId, webUrl: null });
        }
        if (job.status !== 'completed') return goOn(context, session, jobId);
        context.talk('This was already done; threadmill run --again does it anew');
        printResult(context, await session.threadmill.getResult(jobId));
        return exitCodes.done;
      },
    ),
};
