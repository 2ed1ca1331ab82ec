/** `threadmill worker`: works until it is told to stop. */
import { allGroups, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { withSession } from '../session.ts';

export const worker: Command = {
  name: 'worker',
  group: 'Servers and workers:',
  args: [],
  help: 'Work on jobs of a cluster or the embedded server.',
  details: 'Until Ctrl-C or SIGTERM: once stops at the next part, twice at once.',
  example: 'worker --address temporal.lab:7233',
  settings: allGroups,
  async run(context) {
    const onInterrupt = 'Stopping at the next part; another worker can go on';
    return withSession(context, { onInterrupt, workerTalks: true }, async (session) => {
      const { namespace, uiUrl } = session.threadmill;
      const { taskQueue } = context.settings.values;
      await session.work();
      if (context.json) context.printJson({ namespace, taskQueue, uiUrl });
      context.talk(
        `Working on task queue ${taskQueue} of namespace ${namespace}${uiUrl === null ? '' : `  ${uiUrl}`}; Ctrl-C stops`,
      );
      await session.untilInterrupted();
      return exitCodes.done;
    });
  },
};
