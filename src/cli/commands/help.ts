/** `threadmill help [command]`. Not a `Command`: it needs the parser, and no settings, which may be what is wrong. */
import type { Command as Parser } from 'commander';

/** Adds the command to the program that it explains. */
export function addHelpCommand(program: Parser): void {
  program.helpCommand(false);
  program
    .command('help')
    .argument('[command]', 'command to explain')
    .description('This help, or that of a command.')
    .helpGroup('Settings:')
    .addHelpText('after', '\nExample:\n  $ threadmill help run')
    .action((name: string | undefined) => {
      const about = name === undefined ? program : program.commands.find((each) => each.name() === name);
      // An unknown name goes through the parser, which knows the nearest one.
      if (about === undefined) program.parse([String(name)], { from: 'user' });
      else about.help();
    });
}
