/** `threadmill run`: server, worker and job in one process. */
import { resolve } from 'node:path';
import { allGroups, archivesArgument, type Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { joinFlag, jobsOf, wantsJoin, type JobArchives } from '../join.ts';
import { printFailure, printResult, readableArchives } from '../report-job.ts';
import { interrupted, withSession, type Session } from '../session.ts';

/** Done anew though it is done; shared with `start`. */
export const againFlag = { flags: '--again', help: 'do it anew, even where it is done' };

async function runOne(
  context: CommandContext,
  session: Session,
  { archive, submissions }: JobArchives,
): Promise<typeof interrupted | 'done'> {
  const { threadmill } = session;
  const { values } = context.settings;
  const job = await threadmill.startJob(archive, undefined, {
    out: resolve(values.out),
    again: context.options['again'] === true,
    ...(submissions === null ? {} : { submissions }),
  });
  const { jobId, webUrl } = job;
  const extras = { webUrl };
  if (job.alreadyDone) {
    context.talk('This was already done; --again does it anew');
    printResult(context, await threadmill.getResult(jobId), { ...extras, alreadyDone: true });
    return 'done';
  }
  context.talk(
    `${job.alreadyRunning ? 'Going on with' : 'Job'} ${jobId}${webUrl === null ? '' : `  ${webUrl}`}`,
  );
  await session.work();
  const followed = await session.follow((options) => threadmill.waitForJob(jobId, options));
  if (followed === interrupted) {
    const error = { code: 'INTERRUPTED', message: 'Interrupted; the same command goes on', facts: { jobId } };
    if (context.json) context.printJson({ success: false, jobId, archive, error });
    return interrupted;
  }
  const { result, last } = followed;
  printResult(context, result, { ...extras, parts: last?.state === 'done' ? last.parts : null });
  return 'done';
}

/** One archive's failure is told and the next one goes on; what concerns all of them ends the run. */
function endsTheRun(error: unknown, session: Session): boolean {
  return session.workerLost || exitCodeOf(error) !== exitCodes.failed;
}

async function runAll(
  context: CommandContext,
  session: Session,
  jobs: readonly JobArchives[],
): Promise<number> {
  let code: number = exitCodes.done;
  for (const job of jobs) {
    try {
      if ((await runOne(context, session, job)) === interrupted) return exitCodes.interrupted;
    } catch (error) {
      if (endsTheRun(error, session)) throw error;
      printFailure(context, error, { archive: job.archive });
      code = exitCodes.failed;
    }
  }
  return code;
}

/** The worker of this process ends with it, whoever else there is. */
export const detachText =
  'Detached: the worker of this process stops at the next part. The job goes on where another worker runs, or with the same command';

export const run: Command = {
  name: 'run',
  group: 'Archives:',
  args: [archivesArgument],
  help: 'Process archives: server, worker and job in one.',
  details:
    'One archive after the other; where one fails, the rest go on. Run again after any interruption: it goes on where ' +
    'it was. Ctrl-C once stops at the next part, twice at once. On a terminal p pauses and lets go on, + and - change the ' +
    'batch size, q detaches. With --json, one object for each archive.',
  example: 'run RC_2019-04.zst --out datasets --format parquet',
  settings: allGroups,
  flags: [againFlag, joinFlag],
  async run(context, args) {
    const join = wantsJoin(context, args);
    const archives = await readableArchives(context, args);
    // of a pair one alone would be another job
    if (archives.length === 0 || (join && archives.length < args.length)) return exitCodes.failed;
    const jobs = jobsOf(archives, join);
    const onInterrupt = 'Stopping at the next part; run the same command to go on';
    const options = { onInterrupt, onDetach: detachText };
    const code = await withSession(context, options, (session) => runAll(context, session, jobs));
    return code === exitCodes.done && archives.length < args.length ? exitCodes.failed : code;
  },
};
