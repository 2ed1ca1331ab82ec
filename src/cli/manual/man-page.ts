/** The manual page, in the roff of man(7). */
import type { CommandNode, FlagNode, ProgramNode } from './tree.ts';

export interface ManPageFacts {
  readonly version: string;
  /** Of the version, `2026-11-24`. */
  readonly date: string;
  /** What the exit codes mean, in order. */
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
  readonly files: readonly (readonly [file: string, meaning: string])[];
}

/** Text as it is: a backslash, a hyphen that is a minus, and a dot at a line's start mean more to roff. */
function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/…/g, '...')
    .replace(/×/g, '\\(mu')
    .replace(/^([.'])/gm, '\\&$1');
}

function flagText({ names, placeholder, help }: FlagNode): readonly string[] {
  const name = names.map((each) => `\\fB${roff(each)}\\fR`).join(', ');
  return ['.TP', placeholder === null ? name : `${name} \\fI${roff(placeholder)}\\fR`, roff(help)];
}

function flagSections(flags: readonly FlagNode[]): readonly string[] {
  const groups = [...new Set(flags.map(({ group }) => group))];
  return groups.flatMap((group) => [
    ...(group === '' ? [] : [`.SS ${roff(group.replace(/:$/, ''))}`]),
    ...flags.filter((flag) => flag.group === group).flatMap(flagText),
  ]);
}

/** Those of the command alone by name, the others by the headings under which all of them stand. */
function flagNames(flags: readonly FlagNode[]): string {
  const alone = flags.filter(({ group }) => group === '');
  const groups = [...new Set(flags.map(({ group }) => group).filter((group) => group !== ''))];
  const named = alone.map(({ names }) => `\\fB${roff(names.at(-1) ?? '')}\\fR`);
  const headed = groups.map((group) => `\\fI${roff(group.replace(/:$/, ''))}\\fR`);
  if (headed.length === 0) return named.join(', ');
  return [...named, `those of ${headed.join(', ')}`].join(', ');
}

function commandSection(
  program: string,
  { name, args, description, example, flags }: CommandNode,
): readonly string[] {
  const own = flags.filter(({ names }) => !names.includes('--help'));
  const synopsis = [program, name, ...args.map(({ text }) => text), ...(own.length === 0 ? [] : ['[flags]'])];
  return [
    `.SS ${roff(synopsis.join(' '))}`,
    roff(description),
    ...(example === null ? [] : ['.PP', '.nf', '.RS 4', `$ ${roff(example)}`, '.RE', '.fi']),
    ...(own.length === 0 ? [] : ['.PP', `Flags: ${flagNames(own)}.`]),
  ];
}

/** Each flag once, with the words of the first command that has it. */
function allFlags(commands: readonly CommandNode[]): readonly FlagNode[] {
  const found = new Map<string, FlagNode>();
  for (const flag of commands.flatMap(({ flags }) => flags)) {
    const key = flag.names.join();
    if (!found.has(key) && !flag.names.includes('--help')) found.set(key, flag);
  }
  return [...found.values()].sort((a, b) => Number(a.group !== '') - Number(b.group !== ''));
}

/** The page, section 1. */
export function manPage({ name, description, flags, commands }: ProgramNode, facts: ManPageFacts): string {
  const groups = [...new Set(commands.map(({ group }) => group))];
  const title = name.toUpperCase();
  return [
    `.\\" Made by tools/man-page.ts; do not edit.`,
    `.TH ${title} 1 "${facts.date}" "${name} ${facts.version}" "User Commands"`,
    '.SH NAME',
    `${name} \\- ${roff(description).replace(/\.$/, '')}`,
    '.SH SYNOPSIS',
    `.B ${name}`,
    '.I command',
    '[\\fIarguments\\fR] [\\fIflags\\fR]',
    '.SH DESCRIPTION',
    roff(
      'Reads Pushshift (Reddit) archives and writes datasets: Parquet, CSV or JSON lines. Every input line is kept, ' +
        'excluded by a named rule, rejected with its place and reason, or blank. After any interruption the same command ' +
        'goes on, and the result is the same to the byte.',
    ),
    ...groups.flatMap((group) => [
      `.SH ${roff(group.replace(/:$/, '').toUpperCase())}`,
      ...commands
        .filter((command) => command.group === group)
        .flatMap((command) => commandSection(name, command)),
    ]),
    '.SH FLAGS OF EVERY COMMAND',
    ...flagSections(flags),
    '.SH FLAGS',
    'In brackets: the environment variable of the same setting.',
    ...flagSections(allFlags(commands)),
    '.SH EXIT STATUS',
    ...facts.exitCodes.flatMap(([code, meaning]) => ['.TP', `\\fB${String(code)}\\fR`, roff(meaning)]),
    '.SH FILES',
    ...facts.files.flatMap(([file, meaning]) => ['.TP', `\\fI${roff(file)}\\fR`, roff(meaning)]),
    '',
  ].join('\n');
}
