/** `threadmill set`: changes a running job, within seconds. */
import { ThreadmillError } from '../../core/errors.ts';
import { defaultJobSettings, validateJobOverrides } from '../../settings.ts';
import { clientGroups, jobArgument, type Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { concurrency } from '../corpus.ts';
import { exitCodes } from '../exit-codes.ts';
import { requireOpenJob } from '../open-job.ts';
import { counted } from '../../core/figures.ts';
import { printBlock } from '../report-job.ts';
import { withThreadmill } from '../session.ts';

/** The job checks against its own bounds; what no job allows is refused before the server is asked. */
const widest = { ...defaultJobSettings(), minBatchSize: 1, maxBatchSize: 100_000 };

function number(
  context: CommandContext,
  flag: string,
  key: 'baseBatchSize' | 'maxMemoryUsage',
): number | null {
  const raw = context.options[key === 'baseBatchSize' ? 'batchSize' : 'maxMemory'];
  if (raw === undefined) return null;
  const from = `flag ${flag}`;
  const value = validateJobOverrides({ [key]: raw }, { base: widest, from })[key];
  if (value !== undefined) return value;
  throw new ThreadmillError('USAGE', `${flag} is "${String(raw)}": a running job needs a number`);
}

export const set: Command = {
  name: 'set',
  group: 'Jobs:',
  args: [jobArgument],
  help: 'Change a running job.',
  details: 'It takes effect within seconds and never changes a byte of the output.',
  example: 'set RC_2019-04-1f3a9c --batch-size 1000 --max-memory 2048',
  settings: clientGroups,
  flags: [
    { flags: '--batch-size <lines>', help: 'lines of a batch, within the bounds of the job' },
    { flags: '--max-memory <MB>', help: "memory beyond the decoder's window, MB" },
    { flags: '--concurrency <n>', help: 'of a corpus: large archives, and batches of small ones, at a time' },
  ],
  async run(context, [jobId = '']) {
    const lines = number(context, '--batch-size', 'baseBatchSize');
    const mb = number(context, '--max-memory', 'maxMemoryUsage');
    const raw = context.options['concurrency'];
    const width = raw === undefined ? null : concurrency(raw);
    if (lines === null && mb === null && width === null) {
      throw new ThreadmillError('USAGE', 'Nothing to set: give --batch-size, --max-memory or --concurrency');
    }
    return withThreadmill(context, async (threadmill) => {
      await requireOpenJob(threadmill, jobId, 'change');
      const batchSize = lines === null ? null : await threadmill.setBatchSize(jobId, lines);
      const maxMemoryMb = mb === null ? null : await threadmill.setMaxMemory(jobId, mb);
      const atATime = width === null ? null : await threadmill.corpora.setConcurrency(jobId, width);
      const changed = {
        ...(atATime === null ? {} : { concurrency: atATime }),
        ...(batchSize === null ? {} : { batchSize }),
        ...(maxMemoryMb === null ? {} : { maxMemoryMb }),
      };
      printBlock(context, { jobId, ...changed }, () => [
        ...(atATime === null ? [] : [`${jobId} has ${String(atATime)} at a time`]),
        ...(batchSize === null ? [] : [`Batch size of ${jobId} is ${counted(batchSize, 'line')}`]),
        ...(maxMemoryMb === null ? [] : [`Memory limit of ${jobId} is ${String(maxMemoryMb)} MB`]),
      ]);
      return exitCodes.done;
    });
  },
};
