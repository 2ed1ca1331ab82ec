/** The documents against the code: what they name has to be there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { settingRows } from '../src/settings.ts';
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

/** Blanks code, fenced or in backticks, and keeps the lines: brackets in it are no links. */
function withoutCode(text: string): string {
  return text.replace(/^(```|~~~)[^]*?^\1.*$|`[^`\n]*`/gm, (code) => code.replace(/[^\n]/g, ' '));
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

  it('list every setting in docs/settings.md', function () {
    if (!existsSync(path.join(root, 'docs/settings.md'))) this.skip();
    const named = new Set(read('docs/settings.md').match(/\b[A-Z][A-Z0-9_]+\b/g));
    assert.deepEqual(
      settingRows.map((row) => row.env).filter((env) => !named.has(env)),
      [],
    );
  });
});
