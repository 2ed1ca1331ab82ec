/** `threadmill verify`. */
import { datasetArgument, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { verificationBlock } from '../render/blocks.ts';
import { printBlock } from '../report-job.ts';

export const verify: Command = {
  name: 'verify',
  group: 'Archives:',
  args: [datasetArgument],
  help: 'Check manifest against files.',
  details: 'Counts, ranges without gap or overlap, hashes. Exit code 1 where something is wrong.',
  example: 'verify out/RC_2019-04',
  settings: [],
  async run(context, [dataset = '']) {
    const found = await context.ports.verifyDataset(dataset);
    printBlock(context, { dataset, ...found }, () => verificationBlock(dataset, found));
    return found.ok ? exitCodes.done : exitCodes.failed;
  },
};
