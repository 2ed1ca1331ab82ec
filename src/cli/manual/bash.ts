/** Completion for bash: one function, without the help of the bash-completion package. */
import type { ArgumentNode, CommandNode, FlagNode, ProgramNode } from './tree.ts';

const names = (flags: readonly FlagNode[]): string => flags.flatMap((flag) => flag.names).join(' ');

/** A `case` branch for the values of one flag, or what to do with an argument. */
function completes({ kind, choices }: Pick<ArgumentNode, 'kind' | 'choices'>): string {
  if (choices.length > 0) return `words='${choices.join(' ')}'`;
  if (kind === 'folder') return 'action=directory';
  return kind === 'file' ? 'action=file' : 'action=';
}

function valueCases(flags: readonly FlagNode[]): readonly string[] {
  return flags
    .filter(({ placeholder }) => placeholder !== null)
    .map((flag) => `        ${flag.names.join('|')}) ${completes(flag)}; taken=1 ;;`);
}

function commandCase(command: CommandNode, common: readonly FlagNode[]): readonly string[] {
  const [argument] = command.args;
  const values = valueCases(command.flags);
  return [
    `    ${command.name})`,
    `      flags='${names([...command.flags, ...common])}'`,
    ...(values.length === 0 ? [] : ['      case $previous in', ...values, '      esac']),
    ...(argument === undefined ? [] : [`      [[ $taken ]] || { ${completes(argument)}; }`]),
    '      ;;',
  ];
}

/** The script that `source` reads. */
export function bashCompletion({ name, commands, flags }: ProgramNode): string {
  const all = commands.map((command) => command.name);
  return [
    `# bash completion for ${name}; made by: ${name} completion bash`,
    `_${name}() {`,
    '  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}',
    '  local command= word flags= words= action= taken=',
    '  # bash takes --flag=value apart at the =',
    '  if [[ $current == = ]]; then current=',
    '  elif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    `    case $word in ${all.join('|')}) command=$word; break ;; esac`,
    '  done',
    '  case $previous in',
    ...valueCases(flags).map((line) => line.slice(4)),
    '  esac',
    '  case $command in',
    `    '') flags='${names(flags)}'; [[ $taken ]] || words='${all.join(' ')}' ;;`,
    ...commands.flatMap((command) => commandCase(command, flags)),
    '  esac',
    '  if [[ $current == -* && ! $taken ]]; then words=$flags action=; fi',
    '  COMPREPLY=()',
    '  if [[ $words ]]; then',
    '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  elif [[ $action ]]; then',
    '    compopt -o filenames 2>/dev/null',
    "    local IFS=$'\\n'",
    '    # as it is typed, with a backslash before each space',
    '    COMPREPLY=($(compgen -A "$action" -- "${current//\\\\/}"))',
    '  fi',
    '}',
    `complete -F _${name} ${name}`,
    '',
  ].join('\n');
}
