/** `threadmill completion <shell>`. Not a `Command`, like `help`: it needs the parser, and no settings. */
import { Argument, type Command as Parser } from 'commander';
import type { TextStream } from '../context.ts';
import { bashCompletion } from '../manual/bash.ts';
import { fishCompletion } from '../manual/fish.ts';
import { programTree, type ProgramNode } from '../manual/tree.ts';
import { zshCompletion } from '../manual/zsh.ts';

const scripts: Readonly<Record<string, (program: ProgramNode) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** Adds the command to the program that it completes. */
export function addCompletionCommand(
  program: Parser,
  stdout: TextStream,
  failed: Parameters<Parser['exitOverride']>[0],
): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(scripts)))
    .summary('A script for the shell that completes commands, flags and files.')
    .description(
      'Prints a script for the shell that completes commands, flags and files. For bash: a line `source <(threadmill completion ' +
        'bash)` in ~/.bashrc; for zsh the same with zsh in ~/.zshrc after compinit; for fish: save it as ' +
        '~/.config/fish/completions/threadmill.fish.',
    )
    .helpGroup('Settings:')
    .exitOverride(failed)
    .addHelpText('after', '\nExample:\n  $ threadmill completion bash')
    .action((shell: string) => {
      stdout.write(scripts[shell]?.(programTree(program, new Map())) ?? '');
    });
}
