/** Files of an S3 store through the engine's own ways, against a real server. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ThreadmillError } from '../../src/core/errors.ts';
import { claimDataset, claimHolder, releaseClaim } from '../../src/engine/dataset/claim.ts';
import { cleanDataset } from '../../src/engine/dataset/clean-up.ts';
import { AtomicFile } from '../../src/engine/output/atomic-file.ts';
import { checkConfined } from '../../src/engine/output/confine.ts';
import { fileBytes, filesIn, foldersIn, namesIn, removeFile } from '../../src/engine/storage/folder.ts';
import { openSource } from '../../src/engine/storage/byte-source.ts';
import { openStored } from '../../src/engine/storage/stored-file.ts';
import { getObject, openStore, openUploads, putObject, type Store } from './store.ts';

const MiB = 2 ** 20;
const anyName = { max: 1000, wanted: (): boolean => true };

function codeIs(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ThreadmillError && error.code === code;
}

describe('a store', function () {
  this.timeout(300_000); // where its server has to be built
  let store: Store;
  let bucket: string;
  before(async () => {
    store = await openStore();
    bucket = await store.bucket();
  });

  describe('AtomicFile', () => {
    it('of a few bytes appears at its commit, and not before', async () => {
      const place = `${bucket}/small/one.txt`;
      const file = await AtomicFile.create(place);
      await file.write(Buffer.from('hello '));
      await file.write(Buffer.from('world'));
      assert.deepEqual(await namesIn(`${bucket}/small`), []);
      const digest = await file.commit();
      assert.deepEqual(digest, {
        bytes: 11,
        sha256: createHash('sha256').update('hello world').digest('hex'),
      });
      assert.equal((await getObject(place)).toString(), 'hello world');
      assert.equal(await fileBytes(place), 11);
      assert.equal(readFileSync(store.fileOf(place), 'utf8'), 'hello world');
    });

    it('of many parts is whole, and no upload of it is left', async () => {
      const place = `${bucket}/large/many`;
      const bytes = randomBytes(27 * MiB + 5);
      const file = await AtomicFile.create(place);
      // the memory that is written from is used again at once
      const chunk = Buffer.alloc(3 * MiB + 1);
      for (let at = 0; at < bytes.length; at += chunk.length) {
        const count = bytes.copy(chunk, 0, at);
        await file.write(chunk.subarray(0, count));
        chunk.fill(0);
      }
      assert.deepEqual(await namesIn(`${bucket}/large`), []);
      assert.deepEqual(await openUploads(bucket), ['large/many']);
      await file.commit();
      assert.ok((await getObject(place)).equals(bytes));
      assert.deepEqual(await openUploads(bucket), []);
    });

    it('that is given up leaves nothing, whatever was under way', async () => {
      const file = await AtomicFile.create(`${bucket}/given-up/x`);
      await file.write(randomBytes(20 * MiB));
      await file.abort();
      assert.deepEqual(await openUploads(bucket), []);
      assert.deepEqual(await namesIn(`${bucket}/given-up`), []);
    });

    it('leaves an object of the same content alone, and replaces one of other content', async () => {
      const place = `${bucket}/same/x`;
      await putObject(place, Buffer.from('the same'));
      const { ino, mtimeMs } = statSync(store.fileOf(place));
      await putObject(place, Buffer.from('the same'));
      const after = statSync(store.fileOf(place));
      assert.deepEqual([after.ino, after.mtimeMs], [ino, mtimeMs]);
      await putObject(place, Buffer.from('the sane'));
      assert.equal((await getObject(place)).toString(), 'the sane');
    });

    it('whose upload a clean-up has ended fails so that it is tried again', async () => {
      const file = await AtomicFile.create(`${bucket}/lost/part-00000.parquet`);
      await file.write(randomBytes(9 * MiB));
      const removed = await cleanDataset(`${bucket}/lost`, {
        olderThanMs: -60_000,
        nowMs: Date.now(),
        spillsOlderThanMs: null,
      });
      assert.deepEqual(
        removed.map((each) => each.file),
        ['part-00000.parquet'],
      );
      await assert.rejects(file.commit(), codeIs('OUTPUT_FAILED'));
    });
  });

  describe('cleanDataset()', () => {
    it('ends what killed attempts left of uploads, and no younger ones nor those of strangers', async () => {
      const names = ['part-00001.parquet', 'somebodys.bin'];
      const files = await Promise.all(names.map((name) => AtomicFile.create(`${bucket}/clean/${name}`)));
      for (const file of files) await file.write(randomBytes(8 * MiB));
      const clean = async (olderThanMs: number): Promise<readonly string[]> =>
        (
          await cleanDataset(`${bucket}/clean`, { olderThanMs, nowMs: Date.now(), spillsOlderThanMs: null })
        ).map(({ file }) => file);
      assert.deepEqual(await clean(3_600_000), []);
      assert.deepEqual(await clean(-60_000), ['part-00001.parquet']);
      assert.deepEqual(await openUploads(bucket), ['clean/somebodys.bin']);
      await files[1]?.abort();
    });
  });

  describe('a folder', () => {
    it('lists its own objects and folders, and none of a neighbour whose name begins alike', async () => {
      for (const key of ['f/a', 'f/b/c', 'f/b/d', 'fg/x'])
        await putObject(`${bucket}/${key}`, Buffer.from(key));
      assert.deepEqual(await namesIn(`${bucket}/f`), ['a']);
      assert.deepEqual(await foldersIn(`${bucket}/f`), [`${bucket}/f/b`]);
      const found: string[] = [];
      for await (const { name, bytes } of filesIn(`${bucket}/f/b`, anyName)) found.push(`${name} ${bytes}`);
      assert.deepEqual(found.sort(), ['c 5', 'd 5']);
      await removeFile(`${bucket}/f/a`);
      await removeFile(`${bucket}/f/a`);
      assert.deepEqual(await namesIn(`${bucket}/f`), []);
      await assert.rejects(fileBytes(`${bucket}/f/a`), { code: 'ENOENT' });
    });

    it('has all of more objects than one listing holds', async () => {
      const folder = store.fileOf(`${bucket}/many`);
      mkdirSync(folder);
      for (let at = 0; at < 1_050; at++) writeFileSync(path.join(folder, String(at)), 'x');
      assert.equal((await namesIn(`${bucket}/many`)).length, 1_050);
    });
  });

  describe('claimDataset()', () => {
    const nobody = { isRunning: (): Promise<boolean> => Promise.resolve(false), replace: false };
    const everybody = { isRunning: (): Promise<boolean> => Promise.resolve(true), replace: false };

    it('gives a folder to one of many jobs at once', async () => {
      const jobs = Array.from({ length: 12 }, (_, at) => `job-${at}`);
      const folder = `${bucket}/raced`;
      const ends = await Promise.allSettled(jobs.map((job) => claimDataset(folder, job, everybody)));
      const holder = await claimHolder(folder);
      assert.deepEqual(
        jobs.filter((_, at) => ends[at]?.status === 'fulfilled'),
        [holder],
      );
      for (const end of ends) if (end.status === 'rejected') assert.ok(codeIs('DATASET_IN_USE')(end.reason));
    });

    it('gives a stale claim to one of many jobs at once', async () => {
      const folder = `${bucket}/stale`;
      await claimDataset(folder, 'gone', nobody);
      const jobs = Array.from({ length: 12 }, (_, at) => `job-${at}`);
      const others = { isRunning: (job: string) => Promise.resolve(job !== 'gone'), replace: false };
      const ends = await Promise.allSettled(jobs.map((job) => claimDataset(folder, job, others)));
      assert.deepEqual(
        jobs.filter((_, at) => ends[at]?.status === 'fulfilled'),
        [await claimHolder(folder)],
      );
    });

    it('is idempotent, and given up by its own job only', async () => {
      const folder = `${bucket}/own`;
      await claimDataset(folder, 'mine', nobody);
      await claimDataset(folder, 'mine', nobody);
      await releaseClaim(folder, 'another');
      assert.equal(await claimHolder(folder), 'mine');
      await releaseClaim(folder, 'mine');
      assert.equal(await claimHolder(folder), null);
      assert.ok(!existsSync(store.fileOf(`${folder}/.threadmill-job.json`)));
    });
  });

  describe('openSource()', () => {
    it('waits for bytes at any place, in order and out of it', async () => {
      const place = `${bucket}/source/x`;
      const bytes = randomBytes(11 * MiB + 3);
      await putObject(place, bytes);
      const source = openSource(place);
      try {
        assert.equal(source.size(), bytes.length);
        const piece = Buffer.alloc(300_001);
        for (const start of [0, 5 * MiB, 17, 10 * MiB]) {
          for (let at = start; at < bytes.length && at < start + 4 * MiB;) {
            const count = source.read(piece, 0, piece.length, at);
            assert.ok(count > 0 && piece.subarray(0, count).equals(bytes.subarray(at, at + count)));
            at += count;
          }
        }
        assert.equal(source.read(piece, 0, 1, bytes.length), 0);
      } finally {
        source.close();
      }
    });

    it('never mixes an object with the one that replaced it', async () => {
      const place = `${bucket}/source/changed`;
      await putObject(place, Buffer.alloc(12 * MiB, 1));
      const source = openSource(place);
      try {
        const piece = Buffer.alloc(MiB);
        source.read(piece, 0, MiB, 0);
        await putObject(place, Buffer.alloc(12 * MiB, 2));
        assert.throws(() => source.read(piece, 0, MiB, 11 * MiB), codeIs('ARCHIVE_UNREADABLE'));
      } finally {
        source.close();
      }
    });
  });

  describe('an error', () => {
    it('tells a missing object from a missing bucket, wrong keys and a server that is away', async () => {
      await assert.rejects(openStored(`${bucket}/nothing/there`), { code: 'ENOENT' });
      await assert.rejects(openStored('s3://no-such-bucket-here/x'), codeIs('STORAGE_REFUSED'));
      assert.throws(() => openSource('s3://no-such-bucket-here/x'), codeIs('STORAGE_REFUSED'));
      await assert.rejects(
        AtomicFile.create('s3://x/../y').then((file) => file.commit()),
        codeIs('USAGE'),
      );
    });
  });

  describe('checkConfined()', () => {
    it('keeps a worker below its own key', async () => {
      await checkConfined('s3://b/out/x', 's3://b/out');
      for (const place of ['s3://b/outer/x', 's3://c/out/x', '/out/x', 's3://b/out']) {
        await assert.rejects(checkConfined(place, 's3://b/out'), codeIs('OUTPUT_DENIED'));
      }
      await assert.rejects(checkConfined('s3://b/out/../x', 's3://b/out'), codeIs('USAGE'));
      await assert.rejects(checkConfined('s3://b/out/x', '/out'), codeIs('OUTPUT_DENIED'));
    });
  });
});
