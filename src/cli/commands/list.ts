/** `threadmill list`. */
import { clientGroups, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { jobsTable } from '../render/blocks.ts';
import { printBlock } from '../report-job.ts';
import { withThreadmill } from '../session.ts';

export const list: Command = {
  name: 'list',
  group: 'Jobs:',
  args: [],
  help: 'Active and recent jobs.',
  details: 'Newest first. With --json, one array.',
  example: 'list --json',
  settings: clientGroups,
  run: (context) =>
    withThreadmill(context, async (threadmill) => {
      const jobs = await threadmill.listJobs();
      if (jobs.length === 0) context.talk('No jobs; threadmill run <archive> makes one');
      printBlock(context, jobs, () => (jobs.length === 0 ? [] : jobsTable(jobs, context.io.nowMs())));
      return exitCodes.done;
    }),
};
