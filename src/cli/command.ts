/** A command as data: what the parser, the help and the run of it are made from. */
import type { SettingGroup } from '../settings/table.ts';
import type { CommandContext } from './context.ts';

export interface CommandFlag {
  /** As commander writes it, e.g. `--batch-size <lines>`. */
  readonly flags: string;
  readonly help: string;
}

/** Under which heading a command stands in `threadmill --help`. */
export type CommandGroup = 'Archives:' | 'Jobs:' | 'Servers and workers:' | 'Settings:';

export interface Command {
  readonly name: string;
  readonly group: CommandGroup;
  /** As commander writes them, e.g. `<archive...>`. */
  readonly args: readonly { readonly spec: string; readonly help: string }[];
  /** One sentence, for the list of commands. */
  readonly help: string;
  /** What more the command's own help says. */
  readonly details?: string;
  /** What follows `$ threadmill ` in the help. */
  readonly example: string;
  /** Which settings are flags of this command. */
  readonly settings: readonly SettingGroup[];
  readonly flags?: readonly CommandFlag[];
  /** `args`: the positional arguments in one list. Resolves to the exit code. */
  run(context: CommandContext, args: readonly string[]): Promise<number>;
}

export const allGroups: readonly SettingGroup[] = [
  'output',
  'columns',
  'filter',
  'selection',
  'processing',
  'checkpoints',
  'connection',
];
/** For commands that talk to the server and start no job. */
export const clientGroups: readonly SettingGroup[] = ['connection', 'checkpoints'];

export const jobArgument = { spec: '<job>', help: 'job id, as printed by start and list' };
export const datasetArgument = { spec: '<dataset>', help: 'folder of a dataset, as printed by run' };
export const archivesArgument = {
  spec: '[archive...]',
  help: 'archives: .zst, .zst_blocks, .ndjson, .jsonl or .gz; folders and patterns of them; - for names on standard input',
};
