/** The documents against the code: what they name has to be there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { commands } from '../src/cli/commands.ts';
import { parseInvocation } from '../src/cli/program.ts';
import { settingFlags } from '../src/cli/setting-flags.ts';
import { columnsOf } from '../src/core/columns.ts';
import { errorCodes, ThreadmillError } from '../src/core/errors.ts';
import { excludeRules, rejectReasons } from '../src/core/fates.ts';
import { resolveSettings, settingRows } from '../src/settings.ts';
import { repositoryFiles, root } from './repository.ts';

interface Document {
  readonly file: string;
  readonly text: string;
}

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
/** A new document too: it is checked before it is committed. */
const documents: readonly Document[] = repositoryFiles(['*.md'], { untracked: true }).map((file) => ({
  file,
  text: read(file),
}));

/** Where a pattern's first group occurs: `file:line name`, those that `isFine` refuses. */
function refused(
  pattern: RegExp,
  isFine: (name: string, document: Document) => boolean,
  prose = false,
): string[] {
  return documents.flatMap((document) => {
    const text = prose ? withoutCode(document.text) : document.text;
    return [...text.matchAll(pattern)].flatMap((match) => {
      const name = match[1] ?? '';
      const line = text.slice(0, match.index).split('\n').length;
      return isFine(name, document) ? [] : [`${document.file}:${line} ${name}`];
    });
  });
}

/** Blanks what matches, and keeps the lines. */
function blanked(text: string, pattern: RegExp): string {
  return text.replace(pattern, (code) => code.replace(/[^\n]/g, ' '));
}

/** Without code, fenced or in backticks: brackets in it are no links. */
function withoutCode(text: string): string {
  return blanked(text, /^(```|~~~)[^]*?^\1.*$|`[^`\n]*`/gm);
}

function withoutBlocks(text: string): string {
  return blanked(text, /^(```|~~~)[^]*?^\1.*$/gm);
}

/** The anchors that GitHub gives the headings of a Markdown text. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text
    .replace(/^(```|~~~)[^]*?^\1.*$/gm, '')
    .matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

function linkResolves(target: string, { file, text }: Document): boolean {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return true;
  const [place = '', anchor] = target.split('#');
  const aim = place === '' ? file : path.join(path.dirname(file), decodeURIComponent(place));
  if (aim.startsWith('..') || !existsSync(path.join(root, aim))) return false;
  if (anchor === undefined || !aim.endsWith('.md')) return true;
  return anchorsOf(place === '' ? text : read(aim)).has(decodeURIComponent(anchor));
}

describe('the documents', () => {
  it('are there', () => {
    assert.ok(documents.some(({ file }) => file === 'README.md'));
  });

  it('link to files and headings that exist', () => {
    const inline = refused(/\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g, linkResolves, true);
    const definitions = refused(/^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/gm, linkResolves, true);
    assert.deepEqual([...inline, ...definitions], []);
  });

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    assert.deepEqual(
      refused(/\bnpm run (?:-s |--silent )?([\w:-]+)/g, (name) => name in scripts),
      [],
    );
    assert.deepEqual(
      refused(/\bnpm (test|start)\b/g, (name) => name in scripts),
      [],
    );
  });

  it('name files of the repository that exist', () => {
    const inBackticks = /`((?:src|test|bench|samples|tools|docs|deploy)\/[\w./-]*)`/g;
    assert.deepEqual(
      refused(inBackticks, (name) => existsSync(path.join(root, name))),
      [],
    );
  });

  it('name PUSHSHIFT_ and THREADMILL_ settings that exist', () => {
    const known = new Set(settingRows.map((row) => row.env));
    // Read by docker compose, not by threadmill.
    for (const [name] of read('docker-compose.yml').matchAll(/\bTHREADMILL_[A-Z_]+/g)) known.add(name);
    assert.deepEqual(
      refused(/\b((?:PUSHSHIFT|THREADMILL)_[A-Z][A-Z0-9_]*)/g, (name) => known.has(name)),
      [],
    );
  });

  it('list every setting in docs/settings.md, with its flag, key and default', () => {
    const rows = read('docs/settings.md').split('\n');
    const missing = settingRows.flatMap(({ env, flag, key, default: value }) => {
      const row = rows.find((line) => line.startsWith(`| \`${env}\` |`)) ?? '';
      const wanted = [
        ...(flag === null ? [] : [`\`--${flag}\``]),
        `\`${key}\``,
        ...(value === null ? [] : [`\`${String(value)}\``]),
      ];
      return wanted.filter((each) => !row.includes(each)).map((each) => `${env} ${each}`);
    });
    assert.deepEqual(missing, []);
  });

  it('give config files that are valid', () => {
    const [, text = ''] = /^```json\n([^]*?)^```$/m.exec(read('docs/settings.md')) ?? [];
    const names = Object.entries(JSON.parse(text) as Record<string, string>).map(([name, value]) => {
      const row = settingRows.find(({ key, env }) => key === name || env === name);
      assert.ok(row !== undefined, name);
      return [row.key, value] as const;
    });
    assert.ok(names.length > 0);
    resolveSettings({ flags: Object.fromEntries(names), env: {}, cwd: root });
  });

  it('name commands and flags that the parser takes', () => {
    const lines = documents.flatMap(commandLines);
    assert.ok(lines.length > 20, `${String(lines.length)} command lines were found`);
    const problems = lines.flatMap(({ place, argv, whole }) => {
      const problem = problemOf(argv, whole);
      return problem === null ? [] : [`${place} threadmill ${argv.join(' ')}: ${problem}`];
    });
    assert.deepEqual(problems, []);
  });

  it('name flags that some command has', () => {
    const known = new Set([
      ...settingRows.flatMap(({ flag, alias = flag }) => (flag === null ? [] : [flag, alias, `no-${flag}`])),
      ...commands.flatMap(({ flags = [] }) => flags.map(({ flags: text }) => longName(text))),
      ...['json', 'quiet', 'config', 'no-color', 'version', 'help'],
    ]);
    assert.deepEqual(
      // The benchmarks have flags of their own, and so has the torture.
      refused(
        /`--([\w-]+)(?:[ =][^`\n]*)?`/g,
        (name, { file }) => known.has(name) || file.startsWith('bench/') || file === 'docs/torture.md',
      ),
      [],
    );
  });

  it('explain every command, error code, rule, reason and column', () => {
    const names = (text: string): ReadonlySet<string> =>
      new Set([...text.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => name));
    const columns = (['comments', 'submissions'] as const).flatMap((kind) =>
      columnsOf(kind, { keepRaw: true }).map(({ name }) => name),
    );
    const wanted: readonly (readonly [file: string, names: readonly string[]])[] = [
      ['docs/failures.md', errorCodes],
      ['docs/lines.md', [...excludeRules, ...rejectReasons]],
      ['docs/formats.md', columns],
    ];
    for (const [file, all] of wanted) {
      const found = names(read(file));
      assert.deepEqual(
        all.filter((name) => !found.has(name)),
        [],
        file,
      );
    }
    const readme = read('README.md');
    assert.deepEqual(
      commands
        .filter(({ name }) => !new RegExp(`\`(?:threadmill )?${name}\\b`).test(readme))
        .map(({ name }) => name),
      [],
      'README.md',
    );
  });
});

interface CommandLine {
  readonly place: string;
  /** What follows `threadmill`. */
  readonly argv: readonly string[];
  /** Stands in a block, to be copied: nothing may be missing. */
  readonly whole: boolean;
}

/** `--batch-size` of `-b, --batch-size <lines>`. */
function longName(flags: string): string {
  return /--([\w-]+)/.exec(flags)?.[1] ?? '';
}

/** Words of a shell line up to a comment, a pipe or a redirection. */
function wordsOf(line: string): readonly string[] {
  const [text = ''] = line.split(/\s+#|\s*(?:\||&&|\s\d?>)\s*/);
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
}

/** The command lines of a document: those of its shell blocks, and those in the text, which may be cut short. */
function commandLines({ file, text }: Document): readonly CommandLine[] {
  const found: CommandLine[] = [];
  const add = (index: number, line: string, whole: boolean): void => {
    const number = text.slice(0, index).split('\n').length;
    found.push({ place: `${file}:${String(number)}`, argv: wordsOf(line), whole });
  };
  for (const block of text.matchAll(/^```sh\n([^]*?)^```$/gm)) {
    for (const match of (block[1] ?? '').matchAll(/^(?:\$ )?(?:[A-Z_]+=\S+ )*threadmill (.*)$/gm)) {
      add(block.index + '```sh\n'.length + match.index, match[1] ?? '', true);
    }
  }
  for (const match of withoutBlocks(text).matchAll(/`(?:[A-Z_]+=\S+ )*threadmill ([^`\n]*)`/g))
    add(match.index, match[1] ?? '', false);
  return found;
}

/** What is wrong with a command line; null where nothing is. */
function problemOf(argv: readonly string[], whole: boolean): string | null {
  const silent = { write: () => true };
  const io = {
    stdout: silent,
    stderr: silent,
    color: false,
    nowMs: () => 0,
    interrupts: (): never => {
      throw new TypeError('Nothing is run');
    },
  };
  const [name = ''] = argv;
  // `threadmill <command> --help` is about all of them
  if (name === '<command>') return null;
  try {
    const invocation = parseInvocation(argv, commands, io);
    if ('command' in invocation)
      resolveSettings({ flags: settingFlags(invocation.options), env: {}, cwd: root });
    return null;
  } catch (error) {
    if (!(error instanceof ThreadmillError)) throw error;
    return !whole && error.message.startsWith('Missing required argument') ? null : error.message;
  }
}
