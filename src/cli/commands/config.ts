/** `threadmill config`. */
import { allGroups, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { settingsJson, settingsTable } from '../render/settings-table.ts';
import { printBlock } from '../report-job.ts';

export const config: Command = {
  name: 'config',
  group: 'Settings:',
  args: [],
  help: 'Every setting, its value and where that came from.',
  details: 'A flag beats the config file, the file the environment, the environment .env.',
  example: 'config --config lab.json --max-memory 2048',
  settings: allGroups,
  run(context) {
    printBlock(context, settingsJson(context.settings), () => settingsTable(context.settings));
    return Promise.resolve(exitCodes.done);
  },
};
