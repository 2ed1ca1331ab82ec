/** Files that are no plain files, or do not stay what they are; names that want out; archives whose beginning is lost. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { inspectArchive } from '../../src/engine/archive/inspect.ts';
import { datasetFolder } from '../../src/engine/dataset/names.ts';
import { readManifest } from '../../src/engine/dataset/manifest.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { archiveOf, oneFrame, ownArchive, shortComments, type Archive } from '../e2e/archives.ts';
import { assertWhole, temporaryFiles } from '../e2e/datasets.ts';
import type { Program } from '../e2e/program.ts';
import { Stage, committed, slowMs } from '../e2e/stage.ts';
import { comment } from '../engine/pipeline/scene.ts';
import { frame, rawFrame } from './frames.ts';

/** One segment for all of the archive: nothing but its end is there to see a change. */
const settings = { partMib: 8 };

describe('a hostile file', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let worker: Program;
  before(async () => {
    stage = await Stage.open();
    worker = await stage.worker();
  });
  afterEach(() => {
    worker.thaw();
  });
  after(() => stage.end());

  for (const [what, change] of [
    [
      'grows',
      ({ path: file }: Archive) => {
        appendFileSync(file, frame(`${comment(1)}\n`));
      },
    ],
    [
      'shrinks',
      ({ path: file }: Archive) => {
        truncateSync(file, Math.floor(statSync(file).size * 0.9));
      },
    ],
    [
      'is written over',
      ({ path: file }: Archive) => {
        const bytes = readFileSync(file);
        bytes.fill(0, bytes.length - 500_000);
        writeFileSync(file, bytes);
      },
    ],
    [
      'is replaced by another',
      ({ path: file }: Archive) => {
        writeFileSync(`${file}.new`, frame(`${comment(1)}\n`.repeat(1000)));
        renameSync(`${file}.new`, file);
      },
    ],
  ] as const) {
    it(`that ${what} while it is read ends the job as another archive, and is never half of each`, async () => {
      const archive = await ownArchive(oneFrame, stage.freshFolder('changing'));
      const { jobId, dataset } = await stage.job(archive, settings);
      await committed(dataset, 2);
      worker.freeze();
      change(archive);
      worker.thaw();
      await assert.rejects(stage.threadmill.waitForJob(jobId), {
        code: 'ARCHIVE_CHANGED',
        message: /put the first one back/,
      });
      assert.deepEqual(temporaryFiles(dataset), []);
      // and back again: what was committed is of the first one
      copyFileSync((await archiveOf(oneFrame)).path, archive.path);
      await stage.threadmill.resumeJob(jobId);
      await assertWhole(dataset, archive);
    });
  }

  it('that is replaced by its own copy is the same archive', async () => {
    const archive = await ownArchive(oneFrame, stage.freshFolder('copied'));
    const { jobId, dataset } = await stage.job(archive, settings);
    await committed(dataset, 2);
    copyFileSync(archive.path, `${archive.path}.new`);
    renameSync(`${archive.path}.new`, archive.path);
    await stage.threadmill.waitForJob(jobId);
    await assertWhole(dataset, archive);
  });

  it('that is a FIFO, a device, a folder or a circle of links is refused at once', async () => {
    const folder = stage.freshFolder('strange');
    const at = (name: string): string => path.join(folder, name);
    execFileSync('mkfifo', [at('fifo_comments.zst')]);
    symlinkSync(at('b.zst'), at('a.zst'));
    symlinkSync(at('a.zst'), at('b.zst'));
    symlinkSync(at('fifo_comments.zst'), at('to-fifo.zst'));
    symlinkSync(at('nowhere'), at('dangling.zst'));
    for (const [file, code, says] of [
      [at('fifo_comments.zst'), 'ARCHIVE_UNREADABLE', /no regular file/],
      [at('to-fifo.zst'), 'ARCHIVE_UNREADABLE', /no regular file/],
      [at('a.zst'), 'ARCHIVE_UNREADABLE', /symbolic links lead back to themselves/],
      [at('a.zst/x.zst'), 'ARCHIVE_UNREADABLE', /symbolic links/],
      [at('dangling.zst'), 'ARCHIVE_MISSING', /check the path/],
      ['/dev/zero', 'ARCHIVE_UNREADABLE', /no regular file/],
      [folder, 'ARCHIVE_UNREADABLE', /is a folder/],
    ] as const) {
      await assert.rejects(inspectArchive(file), { code, message: says }, file);
    }
  });

  it('whatever its name makes a dataset inside of --out, and one message on one line', async () => {
    const { path: short } = await archiveOf(shortComments);
    const folder = stage.freshFolder('names');
    const out = stage.freshOut();
    for (const name of [
      'with spaces_comments.zst',
      `quotes"'\`$(touch x)_comments.zst`,
      'line\nfeed_comments.zst',
      '....zst',
      '..%2f..%2fetc_comments.zst',
      '-rf_comments.zst',
      'bidi\u202etxt_comments.zst',
      'manifest.json.zst',
      `${'long'.repeat(60)}.zst`,
    ]) {
      const file = path.join(folder, name);
      copyFileSync(short, file);
      const { name: dataset } = await inspectArchive(file);
      assert.equal(path.dirname(datasetFolder(out, dataset)), out, JSON.stringify(name));
      assert.doesNotMatch(dataset, /[\s"'`$/\\]/);
    }
    const strange = path.join(folder, `li'ne\n"feed" $(x)_comments.zst`);
    copyFileSync(short, strange);
    const { jobId, dataset } = await stage.job(strange, { partMib: 8 }, out);
    await stage.threadmill.waitForJob(jobId);
    assert.deepEqual((await verifyDataset(dataset)).problems, []);
    assert.deepEqual(readdirSync(out), [path.basename(dataset)]);
    truncateSync(strange, 5);
    const failed = await stage.job(strange, { partMib: 8 }, out);
    await assert.rejects(stage.threadmill.waitForJob(failed.jobId), (error: Error) => {
      assert.equal(error.message.split('\n').length, 1, error.message);
      return true;
    });
  });

  describe('whose first frame yields no line', () => {
    const good = `${comment(1)}\n${comment(2)}\n`;
    const flipped = frame(`${comment(8)}\n`, { checksum: true });
    flipped[9] = (flipped[9] as number) ^ 0xff;
    const headless = frame(`${comment(8)}\n`);
    headless[4] = (headless[4] as number) | 8;
    const magicless = frame(`${comment(8)}\n`);
    magicless[0] = 0;
    const cases: readonly (readonly [what: string, first: Buffer])[] = [
      ['is damaged', flipped],
      ['has a header that can not be', headless],
      ['has lost its magic number', magicless],
      ['declares a window of 2.3 GiB', rawFrame(0x00, [0xa9], `${comment(8)}\n`)],
      ['needs a dictionary', rawFrame(0x01, [0x50, 7], `${comment(8)}\n`)],
    ];
    for (const [what, first] of cases) {
      it(`because it ${what}, is refused, and salvaged from its second frame on`, async () => {
        const folder = stage.freshFolder('headless');
        const file = path.join(folder, 'RC_2020-09.zst');
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, Buffer.concat([first, frame(good)]));
        await assert.rejects(inspectArchive(file), { name: 'ThreadmillError' });
        const { jobId, dataset } = await stage.job(file, { salvage: true });
        const { metrics, warnings } = await stage.threadmill.waitForJob(jobId);
        assert.deepEqual([metrics.totalProcessedLines, metrics.kept], [2, 2]);
        const { holes } = await readManifest(dataset);
        assert.deepEqual(
          holes.map(({ compressedTo }) => compressedTo),
          [first.length],
        );
        // a worker that has had the jobs above may tell of its memory too
        const ofArchive = warnings.filter((warning) => !warning.startsWith('Memory is at'));
        assert.equal(ofArchive.length, 1, warnings.join('; '));
        assert.deepEqual((await verifyDataset(dataset)).problems, []);
      });
    }

    it('and that has no other frame is refused with salvage too, with the place', async () => {
      const file = path.join(stage.freshFolder('hopeless'), 'RC_2020-09.zst');
      writeFileSync(file, Buffer.concat([flipped, Buffer.alloc(1000, 1)]));
      await assert.rejects(inspectArchive(file, { salvage: true }), {
        code: 'ARCHIVE_CORRUPT',
        message: /not one line of it can be read.*compressed byte \d+/,
      });
    });
  });
});
