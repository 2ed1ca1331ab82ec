/** An output folder into which somebody else has put things: nothing is written, removed or waited for beyond it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { archiveName } from '../../../src/engine/archive/archive-name.ts';
import { claimDataset, holdsClaim } from '../../../src/engine/dataset/claim.ts';
import { cleanDataset } from '../../../src/engine/dataset/clean-up.ts';
import { readManifest } from '../../../src/engine/dataset/manifest.ts';
import { datasetFolder } from '../../../src/engine/dataset/names.ts';
import { publishDataset } from '../../../src/engine/dataset/publish.ts';
import { readRejects } from '../../../src/engine/dataset/rejects.ts';
import { verifyDataset } from '../../../src/engine/dataset/verify.ts';
import { AtomicFile } from '../../../src/engine/output/atomic-file.ts';
import { checkConfined } from '../../../src/engine/output/confine.ts';
import { inFolder, writeParts } from './scene.ts';

const closed = { isRunning: () => Promise.resolve(false), replace: false };
const running = { isRunning: () => Promise.resolve(true), replace: false };
const canary = 'it was like this before';

interface Place {
  /** The dataset's folder; not made. */
  readonly dataset: string;
  /** A folder beside the output, with a file. */
  readonly outside: string;
  readonly file: string;
}

/** Runs with an output folder and an outside, and fails where the outside is not as it was. */
function beside(use: (place: Place) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    const place = {
      dataset: path.join(folder, 'out', 'RC_2005-12'),
      outside: path.join(folder, 'outside'),
      file: path.join(folder, 'outside', 'canary'),
    };
    mkdirSync(path.dirname(place.dataset));
    mkdirSync(place.outside);
    writeFileSync(place.file, canary);
    await use(place);
    assert.deepEqual(readdirSync(place.outside), ['canary']);
    assert.equal(readFileSync(place.file, 'utf8'), canary);
  });
}

const isLink = (file: string): boolean => lstatSync(file).isSymbolicLink();

describe('an output folder with things that somebody else put there', () => {
  it('is left by no name that an archive can have', () => {
    const nasty = fc.constantFrom(
      '..',
      '.',
      '/',
      '\\',
      '\0',
      '\n',
      '~',
      '%2e%2e%2f',
      '..\u2215',
      '\u202e',
      "'",
      '"',
      '-',
      'CON',
      ' ',
    );
    const names = fc.array(
      fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('.zst', '.gz')),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(names, (pieces) => {
        const name = archiveName(`/dumps/${pieces.join('')}`);
        const folder = datasetFolder('/out', name);
        assert.equal(path.dirname(folder), '/out');
        assert.equal(path.basename(folder), name);
        assert.ok(Buffer.byteLength(name) <= 180 && !/^[.-]|[\0-\x20/\\]/.test(name), JSON.stringify(name));
      }),
      { numRuns: 5000 },
    );
  });

  it('as a link in place of the dataset is refused, wherever it leads', () =>
    beside(async ({ dataset, outside, file }) => {
      for (const target of [outside, path.join(outside, 'nothing'), file, dataset]) {
        symlinkSync(target, dataset);
        await assert.rejects(claimDataset(dataset, 'job-a', closed), { code: 'OUTPUT_DENIED' });
        assert.ok(isLink(dataset));
        rmSync(dataset);
      }
      symlinkSync(outside, dataset);
      await assert.rejects(
        claimDataset(dataset, 'job-a', closed),
        /is a symbolic link, which leads elsewhere.*--out/,
      );
    }));

  it('as a link that takes the place of a claimed dataset is refused before the next part', () =>
    beside(async ({ dataset, outside }) => {
      await claimDataset(dataset, 'job-a', closed);
      assert.equal(await holdsClaim(dataset, 'job-a'), true);
      const claim = readFileSync(path.join(dataset, '.threadmill-job.json'));
      rmSync(dataset, { recursive: true });
      assert.equal(await holdsClaim(dataset, 'job-a'), false);
      symlinkSync(outside, dataset);
      writeFileSync(path.join(outside, '.threadmill-job.json'), claim);
      await assert.rejects(holdsClaim(dataset, 'job-a'), { code: 'OUTPUT_DENIED' });
      rmSync(path.join(outside, '.threadmill-job.json'));
    }));

  it('with a claim that is a link, a pipe or a folder is taken over, and nothing is read through it', () =>
    beside(async ({ dataset, outside }) => {
      const claim = path.join(dataset, '.threadmill-job.json');
      const foreign = path.join(outside, 'canary-claim');
      writeFileSync(foreign, JSON.stringify({ jobId: 'job-of-another' }));
      const plants: readonly (() => void)[] = [
        () => {
          symlinkSync(foreign, claim);
        },
        () => {
          symlinkSync(path.join(outside, 'nothing'), claim);
        },
        () => {
          execFileSync('mkfifo', [claim]);
        },
      ];
      for (const plant of plants) {
        mkdirSync(dataset, { recursive: true });
        plant();
        // whoever believed the foreign claim would refuse
        await claimDataset(dataset, 'job-a', running);
        assert.ok(lstatSync(claim).isFile());
        assert.deepEqual(JSON.parse(readFileSync(claim, 'utf8')), { jobId: 'job-a' });
        assert.deepEqual(readdirSync(dataset), ['.threadmill-job.json']);
        rmSync(dataset, { recursive: true });
      }
      assert.match(readFileSync(foreign, 'utf8'), /job-of-another/);
      rmSync(foreign);
    }));

  it('with links in place of parts, rejects and the manifest gets files there, and their targets stay as they were', () =>
    beside(async ({ dataset, outside, file }) => {
      mkdirSync(dataset);
      for (const name of [
        'part-00000.jsonl',
        'part-00001.jsonl',
        'rejects.jsonl.zst',
        'manifest.json',
        'part-00007.jsonl',
      ])
        symlinkSync(file, path.join(dataset, name));
      symlinkSync(path.join(outside, 'nothing'), path.join(dataset, 'part-00001.rejects.jsonl.zst'));
      await publishDataset(await writeParts(dataset, [0, 2]));
      const names = readdirSync(dataset);
      assert.deepEqual(names, ['manifest.json', 'part-00000.jsonl', 'part-00001.jsonl', 'rejects.jsonl.zst']);
      assert.deepEqual(
        names.filter((name) => isLink(path.join(dataset, name))),
        [],
      );
      assert.deepEqual((await verifyDataset(dataset)).problems, []);
    }));

  it('with a link to a file of the very same content gets a file of its own all the same', () =>
    beside(async ({ dataset, file }) => {
      mkdirSync(dataset);
      const part = path.join(dataset, 'part-00000.jsonl');
      symlinkSync(file, part);
      const written = await AtomicFile.create(part);
      await written.write(Buffer.from(canary));
      await written.commit();
      assert.ok(!isLink(part));
      assert.equal(readFileSync(part, 'utf8'), canary);
    }));

  it('with an old link that looks like a temporary file is cleaned without following it', () =>
    beside(async ({ dataset, file }) => {
      mkdirSync(dataset);
      const link = path.join(dataset, 'part-00000.parquet.0123abcd.tmp');
      symlinkSync(file, link);
      utimesSync(file, 1, 1);
      assert.deepEqual(
        await cleanDataset(dataset, { olderThanMs: 1000, nowMs: Date.now(), spillsOlderThanMs: null }),
        [],
      );
      assert.ok(isLink(link));
    }));

  it('with a manifest that names files elsewhere is no dataset: nothing there is read', () =>
    beside(async ({ dataset, file }) => {
      mkdirSync(dataset);
      await publishDataset(await writeParts(dataset, [1, 0]));
      const manifest = path.join(dataset, 'manifest.json');
      const text = readFileSync(manifest, 'utf8');
      for (const [ours, theirs] of [
        ['part-00001.jsonl', path.relative(dataset, file)],
        ['part-00001.jsonl', file],
        ['rejects.jsonl.zst', path.relative(dataset, file)],
      ] as const) {
        writeFileSync(manifest, text.replace(`"${ours}"`, JSON.stringify(theirs)));
        await assert.rejects(readManifest(dataset), { code: 'DATASET_INVALID' }, theirs);
        await assert.rejects(verifyDataset(dataset), { code: 'DATASET_INVALID' });
        await assert.rejects(readRejects(dataset).next(), { code: 'DATASET_INVALID' });
      }
    }));

  it('with a pipe as its manifest keeps nobody waiting', () =>
    beside(async ({ dataset }) => {
      mkdirSync(dataset);
      execFileSync('mkfifo', [path.join(dataset, 'manifest.json')]);
      await assert.rejects(readManifest(dataset), { code: 'DATASET_INVALID', message: /it is no file/ });
      await assert.rejects(claimDataset(dataset, 'job-a', closed), { code: 'DATASET_IN_USE' });
    }));
});

describe('checkConfined()', () => {
  it('lets pass what lies below, by its real place, and nothing else', () =>
    beside(async ({ dataset, outside }) => {
      const out = path.dirname(dataset);
      const linked = path.join(outside, '..', 'linked-out');
      symlinkSync(out, linked);
      mkdirSync(path.join(out, 'sub'));
      symlinkSync(outside, path.join(out, 'way-out'));
      symlinkSync(path.join(out, 'sub'), path.join(out, 'way-in'));
      const fine = ['a', 'sub/a', 'sub/new/a', 'way-in/a', '..a/b', 'sub/../a'].map(
        (name) => `${out}/${name}`,
      );
      for (const each of [...fine, path.join(linked, 'a')]) {
        await checkConfined(each, out);
        await checkConfined(each, linked);
      }
      const bad = [
        out,
        `${out}/`,
        `${out}2/a`,
        outside,
        '/',
        `${out}/../outside/a`,
        `${out}/way-out/a`,
        `${out}/way-out`,
      ];
      for (const each of bad) {
        await assert.rejects(checkConfined(each, out), { code: 'OUTPUT_DENIED' }, each);
        await checkConfined(each, null);
      }
    }));
});
