/** `threadmill server`: only the embedded server, until it is told to stop. */
import { clientGroups, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { textTable } from '../render/text-table.ts';
import { printBlock } from '../report-job.ts';
import { untilInterrupted } from '../until-interrupted.ts';

export const server: Command = {
  name: 'server',
  group: 'Servers and workers:',
  args: [],
  help: 'Only the embedded Temporal server.',
  details: 'Until Ctrl-C or SIGTERM. Prints its address and Web UI link.',
  example: 'server --port 7233 --ui-port 8233',
  settings: clientGroups,
  async run(context) {
    const { address: cluster } = context.settings.values;
    if (cluster !== null) {
      context.warn(
        `This is the embedded server; other commands use ${cluster} while TEMPORAL_ADDRESS names it`,
      );
    }
    const held = await context.ports.startServer({
      values: context.settings.values,
      onProgress: (message) => {
        context.talk(message);
      },
    });
    const interrupts = context.io.interrupts();
    try {
      const { address, uiUrl, namespace, owned, logFile } = held;
      printBlock(context, { address, uiUrl, namespace, owned, logFile }, () =>
        textTable([
          ['address', address],
          ['Web UI', uiUrl],
          ['namespace', namespace],
          ['log', logFile],
        ]),
      );
      context.talk(
        owned ? 'Ctrl-C stops it' : 'It ran already, and runs as long as anybody uses it; Ctrl-C lets go',
      );
      await untilInterrupted(interrupts.signal, held.lost);
      context.talk('Stopping');
      return exitCodes.done;
    } finally {
      await held.stop();
      interrupts.dispose();
    }
  },
};
