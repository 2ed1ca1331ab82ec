/** `threadmill verify`. */
import { datasetArgument, type Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { verificationBlock } from '../render/blocks.ts';
import { corpusVerificationBlock } from '../render/corpus.ts';
import { printBlock } from '../report-job.ts';

export const verify: Command = {
  name: 'verify',
  group: 'Archives:',
  args: [datasetArgument],
  help: 'Check manifest against files.',
  details:
    'Counts, ranges without gap or overlap, hashes; of the folder of a corpus, all of its datasets. Exit code 1 where ' +
    'something is wrong.',
  example: 'verify out/RC_2019-04',
  settings: [],
  async run(context, [dataset = '']) {
    if (await context.ports.isCorpus(dataset)) {
      const corpus = await context.ports.verifyCorpus(dataset, {});
      printBlock(context, { dataset, ...corpus }, () => corpusVerificationBlock(dataset, corpus));
      return corpus.ok ? exitCodes.done : exitCodes.failed;
    }
    const found = await context.ports.verifyDataset(dataset);
    printBlock(context, { dataset, ...found }, () => verificationBlock(dataset, found));
    return found.ok ? exitCodes.done : exitCodes.failed;
  },
};
