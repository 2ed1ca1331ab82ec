/** The command line as data, read from commander's own tree: what completion and the manual are made from. */
import type { Argument, Command as Parser, Option } from 'commander';

/** What stands in a place of the command line, as far as a shell can help with it. */
export type ValueKind = 'file' | 'folder' | 'text';

export interface FlagNode {
  /** With their dashes. */
  readonly names: readonly string[];
  /** As it is written in the help, `<lines>`; null where it takes no value. */
  readonly placeholder: string | null;
  readonly kind: ValueKind;
  /** The only values there are; empty: any. */
  readonly choices: readonly string[];
  readonly help: string;
  /** Heading in the help; empty: none. */
  readonly group: string;
}

export interface ArgumentNode {
  /** As in the synopsis: `<archive...>`. */
  readonly text: string;
  readonly kind: ValueKind;
  readonly choices: readonly string[];
  readonly help: string;
}

export interface CommandNode {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly description: string;
  /** What follows `$ ` in the help; null where there is none. */
  readonly example: string | null;
  readonly args: readonly ArgumentNode[];
  readonly flags: readonly FlagNode[];
}

export interface ProgramNode {
  readonly name: string;
  readonly description: string;
  /** Flags that every command takes. */
  readonly flags: readonly FlagNode[];
  readonly commands: readonly CommandNode[];
}

function choicesOf(placeholder: string | null): readonly string[] {
  const inner = /^<([\w.-]+(?:\|[\w.-]+)+)>$/.exec(placeholder ?? '')?.[1];
  return inner === undefined ? [] : inner.split('|');
}

function kindOf(text: string | null): ValueKind {
  const name = /[\w[\]:]+/.exec(text ?? '')?.[0] ?? '';
  if (name === 'dir' || name === 'dataset') return 'folder';
  return ['path', 'file', 'archive'].includes(name) ? 'file' : 'text';
}

function flagNode({ flags, short, long, description, helpGroupHeading }: Option): FlagNode {
  const placeholder = /<.*>|\[.*\]$/.exec(flags)?.[0] ?? null;
  return {
    names: [short, long].filter((name) => name != null),
    placeholder,
    kind: kindOf(placeholder),
    choices: choicesOf(placeholder),
    help: description,
    group: helpGroupHeading ?? '',
  };
}

function argumentNode(argument: Argument): ArgumentNode {
  const name = argument.name();
  const inner = `${name}${argument.variadic ? '...' : ''}`;
  return {
    text: argument.required ? `<${inner}>` : `[${inner}]`,
    kind: kindOf(name),
    choices: argument.argChoices ?? [],
    help: argument.description,
  };
}

function flagsOf(parser: Parser): readonly FlagNode[] {
  return parser.createHelp().visibleOptions(parser).map(flagNode);
}

function commandNode(parser: Parser, examples: ReadonlyMap<string, string>): CommandNode {
  const name = parser.name();
  return {
    name,
    group: parser.helpGroup(),
    summary: parser.summary() || parser.description(),
    description: parser.description(),
    example: examples.get(name) ?? null,
    args: parser.registeredArguments.map(argumentNode),
    flags: flagsOf(parser),
  };
}

/** Everything that can be typed. `examples`: by the command's name, what follows `$ `. */
export function programTree(program: Parser, examples: ReadonlyMap<string, string>): ProgramNode {
  return {
    name: program.name(),
    description: program.description(),
    flags: flagsOf(program),
    commands: program.commands.map((parser) => commandNode(parser, examples)),
  };
}
