/** `threadmill reframe`: an archive written anew as frames that can be entered one by one. */
import { dirname, resolve } from 'node:path';
import { checkArchive } from '../check-archive.ts';
import type { Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { wholeNumber } from '../peek-command.ts';
import { printResult } from '../report-job.ts';
import { interrupted, withSession, type Session } from '../session.ts';
import { againFlag } from './run.ts';

interface Request {
  readonly archive: string;
  readonly out?: string;
  readonly level?: number;
  readonly frameMib?: number;
  readonly again: boolean;
}

function requestOf(context: CommandContext, archive: string): Request {
  const out = context.options['out'];
  const level = wholeNumber(context, 'level', 1);
  const frameMib = wholeNumber(context, 'frame-mib', 1);
  return {
    archive,
    ...(typeof out === 'string' ? { out: resolve(out) } : {}),
    ...(level === null ? {} : { level }),
    ...(frameMib === null ? {} : { frameMib }),
    again: context.options['again'] === true,
  };
}

async function follow(
  context: CommandContext,
  session: Session,
  { archive, ...options }: Request,
): Promise<number> {
  const { threadmill } = session;
  const { jobId, alreadyDone, alreadyRunning, webUrl } = await threadmill.startReframe(archive, options);
  if (alreadyDone) {
    context.talk('This was already done; --again does it anew');
    printResult(context, await threadmill.getResult(jobId), { webUrl, alreadyDone: true });
    return exitCodes.done;
  }
  context.talk(`${alreadyRunning ? 'Going on with' : 'Job'} ${jobId}${webUrl === null ? '' : `  ${webUrl}`}`);
  await session.work();
  const followed = await session.follow((wait) => threadmill.waitForJob(jobId, wait));
  if (followed === interrupted) {
    const error = { code: 'INTERRUPTED', message: 'Interrupted; the same command goes on', facts: { jobId } };
    if (context.json) context.printJson({ success: false, jobId, archive, error });
    return exitCodes.interrupted;
  }
  printResult(context, followed.result, { webUrl });
  return exitCodes.done;
}

/** A worker that may write below one folder only has to be let to where the file goes: somebody is here who says so. */
function confinedToFile(context: CommandContext, { out, archive }: Request): CommandContext {
  const { settings } = context;
  return {
    ...context,
    settings: { ...settings, values: { ...settings.values, out: dirname(out ?? archive) } },
  };
}

export const reframe: Command = {
  name: 'reframe',
  group: 'Archives:',
  args: [{ spec: '<archive>', help: 'archive: .zst, .zst_blocks, .ndjson, .jsonl or .gz' }],
  help: 'Write an archive anew as frames that can be entered one by one.',
  details:
    'The same text, cut at line borders into independent zstd frames with a seek table behind them: any line of it is reached at ' +
    'once, an interrupted job goes on at once, and plain zstd -d still reads it. What was written is read back and compared ' +
    'before the file gets its name. Run again after any interruption: it goes on where it was.',
  example: 'reframe RC_2023-01.zst --out RC_2023-01.frames.zst --level 10',
  settings: ['processing', 'checkpoints', 'connection'],
  flags: [
    { flags: '--out <file>', help: 'default: <archive>.frames.zst beside the archive' },
    { flags: '--level <n>', help: "zstd's level, 1 to 19 (default: 10)" },
    { flags: '--frame-mib <n>', help: 'text of one frame, 1 to 256 MiB (default: 32)' },
    againFlag,
  ],
  async run(context, [given = '']) {
    const request = requestOf(context, await checkArchive(given));
    await context.ports.inspectArchive(request.archive);
    const onInterrupt = 'Stopping; run the same command to go on';
    const confined = confinedToFile(context, request);
    return withSession(confined, { onInterrupt }, (session) => follow(confined, session, request));
  },
};
