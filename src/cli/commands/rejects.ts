/** `threadmill rejects`. */
import { ThreadmillError } from '../../core/errors.ts';
import { rejectReasons } from '../../core/fates.ts';
import { datasetArgument, type Command } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { rejectLine } from '../render/blocks.ts';
import { count } from '../../core/figures.ts';

const limitDefault = 100;

function limitOf({ options }: CommandContext): number {
  const raw = options['limit'];
  if (raw === undefined) return limitDefault;
  const limit = /^\d{1,15}$/.test(String(raw)) ? Number(raw) : NaN;
  if (Number.isNaN(limit)) {
    throw new ThreadmillError(
      'USAGE',
      `--limit is "${String(raw)}": must be a whole number of lines, 0 for all`,
    );
  }
  return limit === 0 ? Infinity : limit;
}

function reasonOf({ options }: CommandContext): string | null {
  const raw = options['reason'];
  if (raw === undefined) return null;
  const reason = rejectReasons.find((each) => each === raw);
  if (reason !== undefined) return reason;
  throw new ThreadmillError(
    'USAGE',
    `--reason is "${String(raw)}": must be one of ${rejectReasons.join(', ')}`,
  );
}

export const rejects: Command = {
  name: 'rejects',
  group: 'Archives:',
  args: [datasetArgument],
  help: 'What was rejected, where and why.',
  details: 'With --json, one object for each line.',
  example: 'rejects out/RC_2019-04 --reason malformed-json --limit 5',
  settings: [],
  flags: [
    { flags: '--limit <n>', help: `show so many, 0 for all (default: ${String(limitDefault)})` },
    { flags: '--reason <reason>', help: `only ${rejectReasons.join(', ')}` },
  ],
  async run(context, [dataset = '']) {
    const limit = limitOf(context);
    const reason = reasonOf(context);
    let shown = 0;
    for await (const reject of context.ports.readRejects(dataset)) {
      if (reason !== null && reject.reason !== reason) continue;
      if (shown === limit) {
        context.talk(`There are more than these ${count(shown)}; --limit 0 shows all`);
        return exitCodes.done;
      }
      if (context.json) context.printJson(reject);
      else context.print(rejectLine(reject));
      shown++;
    }
    if (shown === 0) context.talk('No line was rejected' + (reason === null ? '' : ` as ${reason}`));
    return exitCodes.done;
  },
};
