/** `threadmill inspect`. */
import { checkArchive } from '../check-archive.ts';
import type { Command } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { inspectionBlock } from '../render/blocks.ts';
import { printBlock } from '../report-job.ts';

export const inspect: Command = {
  name: 'inspect',
  group: 'Archives:',
  args: [{ spec: '<archive>', help: 'archive: .zst, .zst_blocks, .ndjson, .jsonl or .gz' }],
  help: 'Frames, window, kind, size, estimate of lines and memory.',
  details: 'Reads the beginning of the archive only; needs no server.',
  example: 'inspect RC_2019-04.zst',
  settings: [],
  async run(context, [archive = '']) {
    const found = await context.ports.inspectArchive(await checkArchive(archive));
    printBlock(context, found, () => inspectionBlock(found));
    return exitCodes.done;
  },
};
