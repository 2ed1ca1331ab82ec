/** `threadmill run`: server, worker and job in one process. */
import { allGroups, archivesArgument, type Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { absolutePlace } from '../absolute-place.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { corpusFlags, corpusRequest, isCorpusRequest, runCorpus } from '../corpus.ts';
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
    out: absolutePlace(values.out),
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

/** A job's failure is told with its archive; what concerns the whole run is not the archive's. */
async function runJob(context: CommandContext, session: Session, job: JobArchives): Promise<number> {
  try {
    return (await runOne(context, session, job)) === interrupted ? exitCodes.interrupted : exitCodes.done;
  } catch (error) {
    if (session.workerLost || exitCodeOf(error) !== exitCodes.failed) throw error;
    printFailure(context, error, { archive: job.archive });
    return exitCodes.failed;
  }
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
    'Several archives, a folder, a pattern in quotes, --list or - (names on standard input) are a corpus: several at a ' +
    'time; where one fails, the rest go on. Run again after any interruption: it goes on where it was. Ctrl-C once stops ' +
    'at the next part, twice at once. On a terminal p pauses and lets go on, + and - change the batch size, q detaches. ' +
    'With --json, one object.',
  example: 'run RC_2019-04.zst --out datasets --format parquet',
  settings: allGroups,
  flags: [againFlag, joinFlag, ...corpusFlags],
  async run(context, args) {
    const onInterrupt = 'Stopping at the next part; run the same command to go on';
    const options = { onInterrupt, onDetach: detachText };
    if (await isCorpusRequest(context, args)) {
      const request = await corpusRequest(context, args);
      return withSession(context, options, (session) => runCorpus(context, session, request));
    }
    const join = wantsJoin(context, args);
    const archives = await readableArchives(context, args);
    const [job] = jobsOf(archives, join);
    // of a pair one alone would be another job
    if (job === undefined || archives.length < args.length) return exitCodes.failed;
    return withSession(context, options, (session) => runJob(context, session, job));
  },
};
