/** docs/first-dataset.md as it stands: every command in it is run, in its order, in a folder of its own. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../repository.ts';
import { Stage, slowMs } from './stage.ts';

const page = readFileSync(path.join(root, 'docs/first-dataset.md'), 'utf8');
const commands = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block = '']) =>
  block.split('\n').filter((line) => line !== ''),
);

/** The arguments behind `threadmill`, without a redirection. */
function argumentsOf(line: string): readonly string[] {
  const [text = ''] = line.split(' > ');
  return [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '').slice(1);
}

describe('docs/first-dataset.md', function () {
  this.timeout(slowMs);
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
    await stage.worker();
    mkdirSync(path.join(stage.folder, 'samples'));
    const sample = 'samples/austinfood_comments.zst';
    copyFileSync(path.join(root, sample), path.join(stage.folder, sample));
  });
  after(() => stage.end());

  it('has commands, and each of them is of threadmill', () => {
    assert.ok(commands.length >= 9, String(commands.length));
    for (const line of commands) assert.match(line, /^threadmill /);
  });

  for (const line of commands) {
    it(line, async () => {
      const program = stage.start(argumentsOf(line), { TEMPORAL_ADDRESS: stage.server.address });
      assert.equal(await program.ended, 0, program.stderr);
      assert.notEqual(program.stdout, '');
    });
  }

  it('leaves what it says', () => {
    const there = (file: string): boolean => existsSync(path.join(stage.folder, file));
    for (const file of [
      'datasets/austinfood_comments/threads-00000.parquet',
      'datasets/austinfood_comments/report.html',
      'flat/austinfood_comments/part-00000.csv',
      'brisket/austinfood_comments/manifest.json',
    ])
      assert.ok(there(file), file);
  });
});
