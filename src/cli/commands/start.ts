/** `threadmill start`: only submit. */
import { allGroups, archivesArgument, type Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { absolutePlace } from '../absolute-place.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { corpusFlags, corpusRequest, isCorpusRequest, submitCorpus } from '../corpus.ts';
import { joinFlag, jobsOf, wantsJoin, type JobArchives } from '../join.ts';
import type { Threadmill } from '../ports.ts';
import { printBlock, printFailure, readableArchives } from '../report-job.ts';
import { withThreadmill } from '../session.ts';
import { againFlag } from './run.ts';

async function submit(
  context: CommandContext,
  threadmill: Threadmill,
  { archive, submissions }: JobArchives,
): Promise<void> {
  const job = await threadmill.startJob(archive, undefined, {
    out: absolutePlace(context.settings.values.out),
    again: context.options['again'] === true,
    ...(submissions === null ? {} : { submissions }),
  });
  const { jobId, webUrl } = job;
  if (job.alreadyDone) context.talk(`${jobId} was already done; --again does it anew`);
  if (job.alreadyRunning) context.talk(`${jobId} is running already`);
  printBlock(context, { archive, ...(submissions === null ? {} : { submissions }), ...job }, () => [
    webUrl === null ? jobId : `${jobId}  ${webUrl}`,
  ]);
}

/** The embedded server, unlike a cluster, has no worker unless somebody starts one here. */
function tellWhatIsMissing(context: CommandContext, threadmill: Threadmill): void {
  if (threadmill.uiUrl === null) return;
  if (!context.settings.values.checkpointPersistence) {
    context.warn(
      'The server keeps its state in memory: without a threadmill server that runs on, the job is lost',
    );
  }
  context.talk('A job needs a worker: start one with threadmill worker');
}

export const start: Command = {
  name: 'start',
  group: 'Archives:',
  args: [archivesArgument],
  help: 'Only submit: prints job id and Web UI link.',
  details:
    'A worker has to run somewhere; one that does not is no error. Several archives, a folder, a pattern in quotes, --list ' +
    'or - are a corpus, as for run. With --json, one object.',
  example: 'start RC_2019-04.zst --address temporal.lab:7233',
  settings: allGroups,
  flags: [againFlag, joinFlag, ...corpusFlags],
  async run(context, args) {
    if (await isCorpusRequest(context, args)) {
      const request = await corpusRequest(context, args);
      return withThreadmill(context, async (threadmill) => {
        await submitCorpus(context, threadmill, request);
        tellWhatIsMissing(context, threadmill);
        return exitCodes.done;
      });
    }
    const join = wantsJoin(context, args);
    const archives = await readableArchives(context, args);
    const [job] = jobsOf(archives, join);
    // of a pair one alone would be another job
    if (job === undefined || archives.length < args.length) return exitCodes.failed;
    return withThreadmill(context, async (threadmill) => {
      try {
        await submit(context, threadmill, job);
      } catch (error) {
        if (exitCodeOf(error) !== exitCodes.failed) throw error;
        printFailure(context, error, { archive: job.archive });
        return exitCodes.failed;
      }
      tellWhatIsMissing(context, threadmill);
      return exitCodes.done;
    });
  },
};
