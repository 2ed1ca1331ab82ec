/** Recorded histories against today's workflow code: what was begun under a release must go on under the next. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const folder = path.join(import.meta.dirname, '../histories');
const replayer = path.join(import.meta.dirname, 'replayer.ts');

/** The kinds of jobs that must be among them (tools/record-histories.ts). */
const expected = [
  'cancelled',
  'clean-up',
  'commands',
  'continued-first',
  'corpus-first',
  'corpus-last',
  'continued-last',
  'failed',
  'joined-first',
  'joined-last',
  'plain',
  'reframed',
  'refused',
  'resumed',
  'threads-paused',
  'worker-lost',
];

/** Replays files; gives the error of each, null where it replays. */
async function replay(files: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
  const { stdout } = await promisify(execFile)(process.execPath, [replayer, ...files]);
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const results = lines.map((line) => JSON.parse(line) as { readonly file: string; readonly error?: string });
  return new Map(results.map(({ file, error }) => [path.basename(file), error ?? null]));
}

describe('replay of recorded histories', function () {
  this.timeout(60_000);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const textOf = (file: string): string => readFileSync(path.join(folder, file), 'utf8');

  it('has one of every kind of job', () => {
    assert.deepEqual(
      expected.filter((name) => !files.includes(`${name}.json`)),
      [],
    );
  });

  it('succeeds for every one', async () => {
    const results = await replay(files.map((file) => path.join(folder, file)));
    assert.deepEqual(results, new Map(files.map((file) => [file, null])));
  });

  it('notices a history that the workflow would not have made', async () => {
    const own = mkdtempSync(path.join(tmpdir(), 'threadmill-replay-'));
    try {
      const changed = path.join(own, 'changed.json');
      writeFileSync(changed, textOf('plain.json').replaceAll('"processSegment"', '"processSegments"'));
      const results = await replay([changed]);
      assert.match(results.get('changed.json') ?? '', /^DeterminismViolationError: .*processSegments/s);
    } finally {
      rmSync(own, { recursive: true });
    }
  });

  it('has files that are small, and name no machine', () => {
    for (const file of files) {
      const text = textOf(file);
      assert.ok(text.length < 150_000, `${file} has ${text.length} characters`);
      const decoded = text.replaceAll(/"data":\s*"([\w+/=]+)"/g, (_, data: string) =>
        Buffer.from(data, 'base64').toString(),
      );
      const paths = decoded.match(/(?<![\w./:])\/(?!tmp\/threadmill|data\/RC_)[a-z][\w.-]*\/[\w./-]+/g);
      assert.equal(paths, null, file);
      assert.doesNotMatch(decoded, /\b\d+@(?!worker\b)/, file);
    }
  });
});
