/** How small archives end where they make no dataset: as the ordinary job, or with nothing left. */
import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import zlib from 'node:zlib';
import { generateArchive } from '../../../samples/generator/archive.ts';
import type { JobSettings } from '../../../src/contract/job.ts';
import { ThreadmillError } from '../../../src/core/errors.ts';
import { smallContentBytesMax } from '../../../src/core/limits.ts';
import { claimDataset, claimHolder } from '../../../src/engine/dataset/claim.ts';
import type { SmallArchivePool } from '../../../src/engine/small/small-archive-pool.ts';
import { failureOfJob } from '../../activities/ordinary-job.ts';
import { inFolder } from '../dataset/scene.ts';
import { comment } from '../pipeline/scene.ts';
import { asked, leftIn, never, ordinary, pool, timeless, type Given } from './scene.ts';

const MiB = 2 ** 20;
const good = Array.from({ length: 3000 }, (_, at) => `${comment(at, 1000)}\n`).join('');

/** A frame of the text whose bytes in the middle are others. */
function damaged(text: string): Buffer {
  const frames = [text, good].map((each) =>
    zlib.zstdCompressSync(each, { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } }),
  );
  const all = Buffer.concat(frames);
  all.fill(0xa5, Math.floor(frames[0]?.length ?? 0) + 200, Math.floor(frames[0]?.length ?? 0) + 260);
  return all;
}

const hostile: Readonly<Record<string, { bytes: () => Buffer; settings?: Partial<JobSettings> }>> = {
  ARCHIVE_TRUNCATED: { bytes: () => zlib.zstdCompressSync(good).subarray(0, -40) },
  ARCHIVE_CORRUPT: { bytes: () => damaged(good), settings: { partBytes: MiB } },
  ARCHIVE_EMPTY: { bytes: () => zlib.zstdCompressSync('\n\n') },
  ARCHIVE_NOT_RECOGNISED: { bytes: () => zlib.zstdCompressSync('<html>no dump</html>\n') },
  TOO_MANY_REJECTS: {
    bytes: () => zlib.zstdCompressSync(good + 'oops\n'.repeat(50)),
    settings: { preserveThreads: false },
  },
  USAGE: {
    bytes: () => zlib.zstdCompressSync('{"id":"a","title":"t","created_utc":1600000000}\n'),
    settings: { format: 'conversations' },
  },
};

function codeOf(error: unknown): string {
  assert.ok(error instanceof ThreadmillError, String(error));
  return error.code;
}

describe('a small archive', () => {
  let small: SmallArchivePool;
  before(() => {
    small = pool();
  });
  after(() => small.close());

  for (const [code, { bytes, settings = {} }] of Object.entries(hostile)) {
    it(`ends as the ordinary job with ${code}`, () =>
      inFolder(async (folder) => {
        const archive = path.join(folder, 'some_comments.zst');
        await writeFile(archive, bytes());
        const [theirs, ours] = [path.join(folder, 'ordinary'), path.join(folder, 'small')];
        const given: Given = { archive, settings };
        const expected = await failureOfJob(ordinary(given, theirs));
        assert.equal(expected.code, code);
        await assert.rejects(small.mill(asked(given, ours), never), (error: ThreadmillError) => {
          assert.equal(error.message.replaceAll(ours, theirs), expected.message);
          return codeOf(error) === code;
        });
        const { '.threadmill-job.json': _claim, ...files } = ((await leftIn(theirs))['some_comments'] ??
          {}) as Record<string, string>;
        assert.deepEqual((await leftIn(ours))['some_comments'] ?? {}, files);
      }));
  }

  it('goes over damage as the ordinary job with salvage', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'some_comments.zst');
      await writeFile(archive, damaged(good));
      const given = { archive, settings: { salvage: true } };
      const expected = await ordinary(given, path.join(folder, 'ordinary'));
      const { result } = await small.mill(asked(given, path.join(folder, 'small')), never);
      assert.deepEqual(timeless(result), timeless(expected));
      assert.equal(result.warnings.length, 1);
      assert.deepEqual(await leftIn(path.join(folder, 'small')), await leftIn(path.join(folder, 'ordinary')));
    }));

  it('leaves nothing where it is given up, wherever that is', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'some_comments.zst');
      await generateArchive({ kind: 'comments', era: '2023', bytes: 12_000_000, seed: 3 }, archive);
      const settings = { partBytes: MiB };
      let stopped = 0;
      for (const [at, wanted] of ['claim', 'part-00001', 'part-00009', 'threads-00000'].entries()) {
        const out = path.join(folder, `out-${at}`);
        const stop = new AbortController();
        const made = small.mill(asked({ archive, settings }, out), stop.signal);
        const ended = made.then(
          () => true,
          () => true,
        );
        const over = { now: false };
        void ended.then(() => (over.now = true));
        const dataset = path.join(out, 'some_comments');
        const seen = async (): Promise<boolean> =>
          (await readdir(dataset).catch(() => [])).some((name) =>
            name.includes(wanted === 'claim' ? 'job.json' : wanted),
          );
        while (!over.now && !(await seen()));
        stop.abort(new Error('given up'));
        await ended;
        const result = await made.catch((error: unknown) => error);
        if (result instanceof Error) {
          assert.equal(result.message, 'given up');
          assert.deepEqual(await readdir(out), [], wanted);
          stopped++;
        }
      }
      assert.ok(stopped >= 3, `only ${stopped} of 4 were given up in time`);
      const [first, second] = [new AbortController(), new AbortController()];
      first.abort(new Error('before it began'));
      await assert.rejects(small.mill(asked({ archive }, folder), first.signal), /before it began/);
      const full = [1, 2, 3].map((at) =>
        small.mill(asked({ archive }, path.join(folder, `full-${at}`)), second.signal),
      );
      assert.equal(small.threads, 2);
      assert.equal(small.queued, 1);
      second.abort(new Error('all of them'));
      for (const each of await Promise.allSettled(full))
        assert.match(String((each as PromiseRejectedResult).reason), /all of them/);
      assert.equal(small.queued, 0);
    }));

  it('is refused where it holds too much, before or while it is read, and leaves what stood there', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'some_comments.zst');
      const [some, much] = [`${comment(1)}\n`.repeat(50_000), `${comment(2, 1000)}\n`];
      const declared = Buffer.from(much.repeat(Math.ceil(smallContentBytesMax / much.length) + 1));
      await writeFile(archive, zlib.zstdCompressSync(declared, { pledgedSrcSize: declared.length }));
      const out = path.join(folder, 'out');
      await assert.rejects(
        small.mill(asked({ archive }, out), never),
        (error) => codeOf(error) === 'ARCHIVE_NOT_SMALL',
      );
      await assert.rejects(readdir(out));
      // a beginning that packs badly makes the whole look small
      const noise = Array.from(
        { length: 4200 },
        (_, at) => `${comment(at, 300).slice(0, -2)}${noisy(at)}"}\n`,
      ).join('');
      await writeFile(archive, zlib.gzipSync(Buffer.concat([Buffer.from(noise + some), declared])));
      await mkdir(path.join(out, 'some_comments'), { recursive: true });
      await writeFile(path.join(out, 'some_comments', 'part-00077.spill'), 'of an interrupted job');
      await assert.rejects(
        small.mill(asked({ archive, settings: { partBytes: MiB } }, out), never),
        (error) => codeOf(error) === 'ARCHIVE_NOT_SMALL',
      );
      assert.deepEqual(await readdir(path.join(out, 'some_comments')), ['part-00077.spill']);
    }));

  it('is refused where another job is at work in its folder or has finished there, and is shown where it is done', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'some_comments.zst');
      await writeFile(archive, zlib.zstdCompressSync(good));
      const out = path.join(folder, 'out');
      const dataset = path.join(out, 'some_comments');
      const open = new Set(['other']);
      const own = pool({
        threads: 1,
        isRunning: (jobId) =>
          jobId === 'bad' ? Promise.reject(new Error('no answer')) : Promise.resolve(open.has(jobId)),
      });
      try {
        await claimDataset(dataset, 'other', { isRunning: () => Promise.resolve(false), replace: false });
        const given = asked({ archive }, out);
        await assert.rejects(own.mill(given, never), (error) => codeOf(error) === 'DATASET_IN_USE');
        assert.equal(await claimHolder(dataset), 'other');
        open.clear();
        const made = await own.mill(given, never);
        const text = await readFile(path.join(dataset, 'manifest.json'), 'utf8');
        const again = await own.mill(given, never);
        assert.deepEqual([made.stood, again.stood], [false, true]);
        assert.deepEqual(timeless(again.result), timeless(made.result));
        assert.equal(await readFile(path.join(dataset, 'manifest.json'), 'utf8'), text);
        await assert.rejects(
          own.mill({ ...given, jobId: 'new' }, never),
          (error) => codeOf(error) === 'DATASET_IN_USE',
        );
        const replaced = await own.mill({ ...given, jobId: 'new', replace: true }, never);
        assert.equal(replaced.result.jobId, 'new');
        assert.equal(await claimHolder(dataset), null);
        await claimDataset(path.join(out, 'x'), 'bad', {
          isRunning: () => Promise.resolve(false),
          replace: false,
        });
        await writeFile(path.join(folder, 'x.zst'), zlib.zstdCompressSync(good));
        await assert.rejects(
          own.mill(asked({ archive: path.join(folder, 'x.zst') }, out), never),
          /no answer/,
        );
      } finally {
        await own.close();
      }
    }));

  it('is completed where an attempt was killed beside its manifest, and writes nowhere else than allowed', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'some_comments.zst');
      await writeFile(archive, zlib.zstdCompressSync(good));
      const out = path.join(folder, 'out');
      const given = asked({ archive }, out);
      const { result } = await small.mill(given, never);
      const before = await leftIn(out);
      await writeFile(path.join(result.dataset, '.threadmill-job.json'), `{"jobId":"${given.jobId}"}\n`);
      await writeFile(path.join(result.dataset, 'part-00000.spill.01234567.tmp'), 'half of it');
      const again = await small.mill(given, never);
      assert.equal(again.stood, false);
      assert.deepEqual(await leftIn(out), before);
      const confined = pool({ threads: 1, confine: path.join(folder, 'allowed') });
      try {
        await mkdir(path.join(folder, 'allowed'));
        await symlink(folder, path.join(folder, 'allowed', 'away'));
        for (const elsewhere of [out, path.join(folder, 'allowed', 'away')])
          await assert.rejects(
            confined.mill(asked({ archive }, elsewhere), never),
            (error) => codeOf(error) === 'OUTPUT_DENIED',
          );
      } finally {
        await confined.close();
      }
    }));

  it('ends its threads when they have nothing to do, and when the pool is closed', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'some_comments.zst');
      await writeFile(archive, zlib.zstdCompressSync(good));
      const own = pool({ idleMs: 1 });
      const asks = [1, 2, 3, 4, 5].map((at) =>
        own.mill(asked({ archive }, path.join(folder, `out-${at}`)), never),
      );
      assert.equal(own.threads, 2);
      await Promise.all(asks);
      const left = (): number => own.threads;
      while (left() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      const late = own.mill(asked({ archive }, path.join(folder, 'late')), never);
      const waits = own.close();
      await assert.rejects(late, /closed/);
      await waits;
      assert.equal(left(), 0);
      await assert.rejects(own.mill(asked({ archive }, folder), never), /closed/);
      assert.deepEqual(await readdir(path.join(folder, 'late')).catch(() => []), []);
    }));

  it('is judged anew where it changes while it is read', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'some_comments.zst');
      await generateArchive({ kind: 'comments', era: '2023', bytes: 12_000_000, seed: 3 }, archive);
      const out = path.join(folder, 'out');
      const made = small.mill(asked({ archive, settings: { partBytes: MiB } }, out), never);
      const over = made.then(
        () => 'made',
        (error: unknown) => codeOf(error),
      );
      while ((await readdir(path.join(out, 'some_comments')).catch(() => [])).length < 3);
      await truncate(archive, 300_000);
      assert.equal(await over, 'ARCHIVE_CHANGED');
    }));
});

/** Text that no packer makes smaller than half. */
function noisy(seed: number): string {
  let state = seed * 2654435761 + 1;
  return Array.from({ length: 700 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return String.fromCharCode(97 + ((state >>> 16) % 26));
  }).join('');
}
