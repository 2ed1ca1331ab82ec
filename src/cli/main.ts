/** One run of the command line, from arguments to exit code. */
import { resolveSettings, type SettingsInput } from '../settings.ts';
import { commands } from './commands.ts';
import { speech, type CommandContext, type Io } from './context.ts';
import { exitCodeOf } from './exit-codes.ts';
import type { Ports } from './ports.ts';
import { parseInvocation, type Invocation } from './program.ts';
import { reportError } from './report-error.ts';
import { settingFlags } from './setting-flags.ts';

/** What a run of the command line is given. */
export interface World extends Pick<SettingsInput, 'env' | 'cwd'> {
  readonly io: Io;
  readonly ports: Ports;
}

function contextOf(invocation: Extract<Invocation, { command: unknown }>, world: World): CommandContext {
  const { options } = invocation;
  const { io, ports, ...surroundings } = world;
  const settings = resolveSettings({
    ...surroundings,
    flags: settingFlags(options),
    configFile: typeof options['config'] === 'string' ? options['config'] : undefined,
  });
  const flags = { json: options['json'] === true, quiet: options['quiet'] === true };
  return {
    ...flags,
    ...speech(io, flags, settings.values.logLevel),
    settings,
    io: { ...io, color: io.color && options['color'] !== false },
    ports,
    options,
  };
}

/**
 * Runs the command line.
 *
 * @param argv what follows `threadmill`
 * @returns the exit code; never rejects, errors are told
 */
export async function main(argv: readonly string[], world: World): Promise<number> {
  try {
    const invocation = parseInvocation(argv, commands, world.io);
    if ('exitCode' in invocation) return invocation.exitCode;
    const context = contextOf(invocation, world);
    for (const warning of context.settings.warnings) context.warn(warning);
    return await invocation.command.run(context, invocation.args);
  } catch (error) {
    // From the text itself: the parser may be what failed.
    reportError(error, world.io, { json: argv.includes('--json') });
    return exitCodeOf(error);
  }
}
