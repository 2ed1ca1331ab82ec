import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { commands } from '../../src/cli/commands.ts';
import { TerminalProgram } from '../e2e/terminal.ts';
import { Scene } from './world.ts';

describe('threadmill completion', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-completion-'));
    const scene = new Scene();
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { code, stdout } = await scene.run('completion', shell);
      assert.equal(code, 0);
      writeFileSync(path.join(folder, `completion.${shell}`), stdout);
    }
    scene.end();
    mkdirSync(path.join(folder, 'datasets'));
    writeFileSync(path.join(folder, 'dump one.zst'), '');
    writeFileSync(path.join(folder, 'dump-two.zst'), '');
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** What bash is offered when the line ends with these words, taken apart as bash does. */
  function offered(...words: readonly string[]): readonly string[] {
    const script = [
      'source ./completion.bash',
      'COMP_WORDS=("$@")',
      'COMP_CWORD=$(($# - 1))',
      '_threadmill 2>/dev/null',
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    return execFileSync('bash', ['-c', script, 'bash', 'threadmill', ...words], {
      cwd: folder,
      encoding: 'utf8',
    })
      .split('\n')
      .filter((word) => word !== '')
      .sort();
  }

  it('offers bash every command, and what begins alike', () => {
    const all = commands.map(({ name }) => name);
    assert.deepEqual(offered(''), [...all, 'completion', 'help'].sort());
    assert.deepEqual(offered('re'), ['reframe', 'rejects', 'report', 'result', 'resume']);
    assert.deepEqual(offered('--quiet', 'ver'), ['verify']);
  });

  it('offers the flags of the command and of all commands, and nothing where a job id belongs', () => {
    assert.deepEqual(
      offered('set', 'job-1', '--'),
      offered('set', 'job-1', '-').filter((flag) => flag.startsWith('--')),
    );
    assert.ok(offered('set', '--').includes('--batch-size') && offered('set', '--').includes('--json'));
    assert.ok(!offered('verify', '--').includes('--format'));
    assert.deepEqual(offered('watch', ''), []);
  });

  it('offers choices, folders and files where a flag or an argument takes them', () => {
    assert.deepEqual(offered('run', '--format', 'js'), ['jsonl', 'jsonl.zst']);
    assert.deepEqual(offered('run', '--format', '=', 'pa'), ['parquet']);
    assert.deepEqual(offered('run', '--format', '='), offered('run', '--format', ''));
    assert.deepEqual(offered('verify', ''), ['datasets']);
    assert.deepEqual(offered('run', 'dump'), ['dump one.zst', 'dump-two.zst']);
    assert.deepEqual(offered('run', 'x.zst', '--batch-size', ''), []);
    assert.deepEqual(offered('completion', ''), ['bash', 'fish', 'zsh']);
  });

  it('works under the fingers, in a bash on a terminal', async () => {
    const bash = new TerminalProgram(['--norc', '--noprofile', '-i'], {
      folder,
      columns: 80,
      command: ['bash'],
    });
    try {
      // before its first prompt the terminal echoes by itself
      await bash.shows('a prompt', (lines) => lines.length === 1);
      bash.press('source ./completion.bash\n');
      await bash.shows('a second prompt', (lines) => lines.length === 2);
      bash.press('threadmill ins\tdump\\ \t');
      await bash.shows('the whole file name', (lines) =>
        lines.some((line) => line.includes(' threadmill inspect dump\\ one.zst')),
      );
    } finally {
      bash.kill();
    }
  });

  for (const shell of ['zsh', 'fish']) {
    it(`is a script that ${shell} reads`, function () {
      const { error, stderr, status } = spawnSync(shell, ['-n', `completion.${shell}`], {
        cwd: folder,
        encoding: 'utf8',
      });
      if (error !== undefined) this.skip();
      assert.equal(stderr, '');
      assert.equal(status, 0);
    });
  }

  it('refuses a shell that it does not know, with those it knows', async () => {
    const scene = new Scene();
    const { code, stderr } = await scene.run('completion', 'tcsh');
    scene.end();
    assert.equal(code, 2);
    assert.match(stderr, /bash, zsh, fish.*see threadmill completion --help/s);
  });
});
