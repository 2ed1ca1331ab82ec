/** The parser and the help, made from the commands' data. */
import { readFileSync } from 'node:fs';
import { Argument, Command as Parser, Option, type CommanderError } from 'commander';
import { ThreadmillError } from '../core/errors.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addHelpCommand } from './commands/help.ts';
import type { Command } from './command.ts';
import type { FlagValues, Io } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { programTree, type ProgramNode } from './manual/tree.ts';
import { commonSettingOptions, settingOptions } from './setting-flags.ts';

/** What the user wants: a command with its arguments, or nothing more than what was shown already. */
export type Invocation =
  | {
      readonly command: Command;
      readonly args: readonly string[];
      readonly options: FlagValues;
    }
  | { readonly exitCode: number };

const widthDefault = 100;

const codesText = `
Exit codes: 0 done; 1 the job failed; 2 usage or settings; 3 server unreachable; 130 interrupted, job resumable.
Every setting is also an environment variable, a key of --config, or a line of .env: see threadmill config.`;

/** Of the package this file belongs to, run from source or built. */
export function version(): string {
  const path = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version;
}

class Shown extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('shown');
    this.exitCode = exitCode;
  }
}

/** Commander's error in our words; `see` is the command whose help tells more. */
function usageError(error: CommanderError, see: string): ThreadmillError {
  const text = error.message
    .replace(/^error: /, '')
    .replace(/\s*\n\((.*)\)$/s, ' ($1)')
    .replace(/\.$/, '');
  const named = /^unknown command '(.*?)'/.exec(text)?.[1];
  const wayOut =
    named !== undefined && /[./\\]/.test(named)
      ? `to process an archive: threadmill run ${named}`
      : `see ${see} --help`;
  return new ThreadmillError('USAGE', `${text.slice(0, 1).toUpperCase()}${text.slice(1)}; ${wayOut}`);
}

function throwing(see: string): (error: CommanderError) => never {
  return (error) => {
    // Help that nobody asked for, since no command was given, is an answer to bad usage.
    if (error.code === 'commander.help')
      throw new Shown(error.exitCode === 0 ? exitCodes.done : exitCodes.usage);
    if (error.exitCode === 0) throw new Shown(exitCodes.done);
    throw usageError(error, see);
  };
}

function addCommand(program: Parser, command: Command, chosen: (invocation: Invocation) => void): void {
  const parser = program
    .command(command.name)
    .summary(command.help)
    .description(command.details === undefined ? command.help : `${command.help} ${command.details}`)
    .helpGroup(command.group)
    .exitOverride(throwing(`threadmill ${command.name}`))
    .addHelpText('after', `\nExample:\n  $ threadmill ${command.example}`);
  for (const { spec, help } of command.args) parser.addArgument(new Argument(spec, help));
  for (const { flags, help } of command.flags ?? []) parser.addOption(new Option(flags, help));
  for (const option of settingOptions(command.settings)) parser.addOption(option);
  parser.action(() => {
    chosen({ command, args: parser.args, options: parser.optsWithGlobals<FlagValues>() });
  });
}

function createParser(io: Io): Parser {
  const write = (stream: Io['stdout']) => (text: string) => void stream.write(text);
  const program = new Parser('threadmill')
    .description('Pushshift (Reddit) archives to clean, typed datasets, as durable Temporal workflows.')
    .configureOutput({
      writeOut: write(io.stdout),
      writeErr: write(io.stderr),
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns || widthDefault,
      getErrHelpWidth: () => io.stderr.columns || widthDefault,
    })
    .configureHelp({ showGlobalOptions: true })
    .exitOverride(throwing('threadmill'))
    .helpOption('-h, --help', 'this help')
    .version(version(), '--version', 'the version')
    .option('--json', 'machine-readable on stdout; talk goes to stderr')
    .option('-q, --quiet', 'no progress, no talk: results, warnings and errors only')
    .option('--config <file>', 'a JSON file of settings')
    .option('--no-color', 'no colour [NO_COLOR]');
  for (const option of commonSettingOptions()) program.addOption(option);
  return program;
}

function createProgram(
  io: Io,
  commands: readonly Command[],
  chosen: (invocation: Invocation) => void,
): Parser {
  const program = createParser(io);
  for (const command of commands) addCommand(program, command, chosen);
  addCompletionCommand(program, io.stdout, throwing('threadmill completion'));
  addHelpCommand(program);
  return program.addHelpText('after', codesText);
}

/** All that can be typed, for the manual. */
export function describeProgram(io: Io, commands: readonly Command[]): ProgramNode {
  const examples = new Map(commands.map(({ name, example }) => [name, `threadmill ${example}`]));
  return programTree(
    createProgram(io, commands, () => undefined),
    examples.set('completion', 'threadmill completion bash').set('help', 'threadmill help run'),
  );
}

/**
 * Parses what follows `threadmill`; shows help or the version where that is asked for.
 *
 * @throws {ThreadmillError} USAGE, with the nearest name and whose help to see
 */
export function parseInvocation(argv: readonly string[], commands: readonly Command[], io: Io): Invocation {
  let invocation: Invocation = { exitCode: exitCodes.done };
  const program = createProgram(io, commands, (chosen) => (invocation = chosen));
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof Shown) return { exitCode: error.exitCode };
    throw error;
  }
  return invocation;
}
