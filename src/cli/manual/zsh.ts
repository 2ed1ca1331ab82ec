/** Completion for zsh, by its `_arguments`. */
import type { ArgumentNode, CommandNode, FlagNode, ProgramNode } from './tree.ts';

/** For between single quotes. */
function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

/** For a description in brackets, in which a colon means more as well. */
function described(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function action({ kind, choices }: Pick<ArgumentNode, 'kind' | 'choices'>): string {
  if (choices.length > 0) return `(${choices.join(' ')})`;
  if (kind === 'folder') return '_files -/';
  return kind === 'file' ? '_files' : ' ';
}

function flagSpecs(flag: FlagNode): readonly string[] {
  const value = flag.placeholder === null ? '' : `:${described(flag.placeholder)}:${action(flag)}`;
  return flag.names.map((name) => {
    const equals = value === '' ? '' : name.startsWith('--') ? '=' : '+';
    return quoted(`${name}${equals}[${described(flag.help)}]${value}`);
  });
}

function argumentSpec(argument: ArgumentNode): string {
  const many = argument.text.includes('...') ? '*' : '';
  return quoted(`${many}:${described(argument.text)}:${action(argument)}`);
}

function commandCase({ name, flags, args }: CommandNode): readonly string[] {
  const specs = [...flags.flatMap(flagSpecs), ...args.map(argumentSpec)];
  return [
    `    ${name})`,
    `      _arguments -S $common ${specs.length === 0 ? '' : '\\'}`.trimEnd(),
    ...specs.map((spec, at) => `        ${spec}${at === specs.length - 1 ? '' : ' \\'}`),
    '      ;;',
  ];
}

/** The script for a folder of `fpath`, or to be read by `source` after `compinit`. */
export function zshCompletion({ name, commands, flags }: ProgramNode): string {
  return [
    `#compdef ${name}`,
    `# zsh completion for ${name}; made by: ${name} completion zsh`,
    `_${name}() {`,
    '  local context state line',
    '  typeset -A opt_args',
    '  local -a common commands',
    '  common=(',
    ...flags.flatMap(flagSpecs).map((spec) => `    ${spec}`),
    '  )',
    '  commands=(',
    ...commands.map((command) => `    ${quoted(`${command.name}:${described(command.summary)}`)}`),
    '  )',
    "  _arguments -C -S $common '1: :->command' '*:: :->rest'",
    '  case $state in',
    `    command) _describe command commands; return ;;`,
    '  esac',
    '  case $words[1] in',
    ...commands.flatMap(commandCase),
    '  esac',
    '}',
    `if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi`,
    '',
  ].join('\n');
}
