/** Completion for fish: one `complete` for each flag and command. */
import type { ArgumentNode, FlagNode, ProgramNode } from './tree.ts';

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function flagLine(name: string, condition: string, flag: FlagNode): string {
  const words = flag.names.map((each) =>
    each.startsWith('--') ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`,
  );
  const value =
    flag.placeholder === null
      ? ''
      : flag.choices.length > 0
        ? ` -x -a ${quoted(flag.choices.join(' '))}`
        : flag.kind === 'folder'
          ? " -x -a '(__fish_complete_directories)'"
          : flag.kind === 'file'
            ? ' -r -F'
            : ' -x';
  return `complete -c ${name}${condition} ${words.join(' ')}${value} -d ${quoted(flag.help)}`;
}

function argumentLine(name: string, condition: string, argument: ArgumentNode): readonly string[] {
  const head = `complete -c ${name}${condition}`;
  if (argument.choices.length > 0) return [`${head} -a ${quoted(argument.choices.join(' '))}`];
  if (argument.kind === 'folder') return [`${head} -a '(__fish_complete_directories)'`];
  return argument.kind === 'file' ? [`${head} -F`] : [];
}

/** The script for `~/.config/fish/completions/`, or to be read by `source`. */
export function fishCompletion({ name, commands, flags }: ProgramNode): string {
  return [
    `# fish completion for ${name}; made by: ${name} completion fish`,
    `complete -c ${name} -f`,
    ...flags.map((flag) => flagLine(name, '', flag)),
    ...commands.flatMap((command) => {
      const here = ` -n '__fish_seen_subcommand_from ${command.name}'`;
      return [
        `complete -c ${name} -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
        ...command.args.flatMap((argument) => argumentLine(name, here, argument)),
        ...command.flags.map((flag) => flagLine(name, here, flag)),
      ];
    }),
    '',
  ].join('\n');
}
