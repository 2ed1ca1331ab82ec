/** `npm run man`: writes man/threadmill.1 from the command line itself. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commands } from '../src/cli/commands.ts';
import type { Io } from '../src/cli/context.ts';
import { manPage } from '../src/cli/manual/man-page.ts';
import { describeProgram, version } from '../src/cli/program.ts';

const silent = { write: () => true };
const io: Io = {
  stdout: silent,
  stderr: silent,
  color: false,
  nowMs: () => 0,
  interrupts: (): never => {
    throw new TypeError('Nothing is run');
  },
};

/** The page as it should stand in the repository. */
export function ownManPage(): string {
  return manPage(describeProgram(io, commands), {
    version: version(),
    date: '2026-11-24',
    exitCodes: [
      [0, 'Done.'],
      [1, 'The job failed.'],
      [2, 'Usage or settings.'],
      [3, 'The Temporal server can not be reached.'],
      [130, 'Interrupted; the job can go on, by the same command.'],
    ],
    files: [
      ['./out', 'Datasets, a folder for each archive.'],
      ['./data/checkpoints', 'State and log of the embedded Temporal server.'],
      ['.env', 'Settings of the folder, by the names of their environment variables.'],
    ],
  });
}

if (import.meta.main) {
  const folder = path.join(import.meta.dirname, '../man');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'threadmill.1'), ownManPage());
}
