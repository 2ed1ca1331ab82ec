/** Archives that are cut off or damaged: everything before the damage is kept, and the error says where it is. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { readManifest } from '../../src/engine/dataset/manifest.ts';
import { archiveOf, ownArchive, type Archive, type ArchiveSpec } from './archives.ts';
import { essenceOf, partIdentities, partsIn, temporaryFiles } from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, committed, slowMs, type StagedJob } from './stage.ts';

const settings = { partMib: 1, format: 'jsonl' } as const;
const spec: ArchiveSpec = { kind: 'comments', era: '2023', bytes: 12_000_000, seed: 21, windowLog: 21 };
const oneFrame: ArchiveSpec = { ...spec, frames: 1 };
const manyFrames: ArchiveSpec = { ...spec, frames: 8, checksum: true };

/** Offsets of all frames. */
function framesOf(bytes: Buffer): readonly number[] {
  const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
  const found: number[] = [];
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) found.push(at);
  return found;
}

/** Flips one bit, in the header of the frame's third block: its type becomes one that no decoder takes. */
function flipBit(file: string, frame: number): { readonly flippedAt: number } {
  const bytes = readFileSync(file);
  // magic number, descriptor, window: no content size and no dictionary in these archives
  let at = (framesOf(bytes)[frame] ?? 0) + 6;
  for (let block = 0; block < 2; block++) at += 3 + (bytes.readUIntLE(at, 3) >>> 3);
  assert.equal((bytes.readUIntLE(at, 3) >>> 1) & 3, 2, 'a compressed block');
  bytes[at] = (bytes[at] ?? 0) ^ 0b10;
  writeFileSync(file, bytes);
  return { flippedAt: at };
}

function linesIn(text: string): readonly string[] {
  return text.split('\n').slice(0, -1);
}

describe('a damaged archive', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let worker: Program;
  /** The whole archive's text, of which the damaged ones are made; all specs here have the same. */
  let text: string;
  /** Its kept lines. */
  let kept: readonly string[];
  before(async () => {
    stage = await Stage.open();
    worker = await stage.worker();
    const whole = await archiveOf(oneFrame);
    text = zlib.zstdDecompressSync(readFileSync(whole.path)).toString('latin1');
    const { jobId, dataset } = await stage.job(whole, settings);
    await stage.threadmill.waitForJob(jobId);
    kept = linesOfParts(dataset);
  });
  after(() => stage.end());

  function linesOfParts(dataset: string): readonly string[] {
    return partsIn(dataset).flatMap((name) => linesIn(readFileSync(path.join(dataset, name), 'latin1')));
  }

  async function fails(
    archive: Archive,
    code: string,
  ): Promise<{ readonly job: StagedJob; readonly message: string; readonly facts: Record<string, number> }> {
    const job = await stage.job(archive, settings);
    const error = await stage.threadmill.waitForJob(job.jobId).then(
      () => assert.fail('it succeeded'),
      (thrown: unknown) => thrown as Error & { code: string; facts: Record<string, number> },
    );
    assert.equal(error.code, code, error.message);
    return { job, message: error.message, facts: error.facts };
  }

  /** Checks what a failed job left: every whole line before the damage, and nothing else. */
  function committedBefore({ dataset }: StagedJob, facts: Record<string, number>, message: string): void {
    const { compressed = 0, decompressed = 0, lastGoodLine = 0 } = facts;
    for (const figure of [compressed, decompressed, lastGoodLine])
      assert.ok(message.includes(String(figure)), `${figure} in: ${message}`);
    const before = linesIn(text.slice(0, text.lastIndexOf('\n', decompressed - 1) + 1));
    assert.equal(lastGoodLine, before.length);
    const known = new Set(before);
    assert.deepEqual(
      linesOfParts(dataset),
      kept.filter((line) => known.has(line)),
    );
    assert.deepEqual(temporaryFiles(dataset), []);
  }

  it('that is cut off fails with both offsets and the last good line; what was before is committed', async () => {
    const archive = await ownArchive(oneFrame, stage.freshFolder('cut'));
    const cutAt = Math.floor(statSync(archive.path).size * 0.6);
    truncateSync(archive.path, cutAt);
    const { job, facts, message } = await fails(archive, 'ARCHIVE_TRUNCATED');
    assert.equal(facts['compressed'], cutAt);
    assert.ok((facts['decompressed'] ?? 0) > text.length * 0.5, 'more than half should be readable');
    assert.match(message, /--salvage/);
    committedBefore(job, facts, message);
  });

  it('that is cut off succeeds with salvage: a hole in the manifest, and a warning', async () => {
    const archive = await ownArchive(oneFrame, stage.freshFolder('cut'));
    const cutAt = Math.floor(statSync(archive.path).size * 0.6);
    truncateSync(archive.path, cutAt);
    const { jobId, dataset } = await stage.job(archive, { ...settings, salvage: true });
    const { success, warnings } = await stage.threadmill.waitForJob(jobId);
    assert.equal(success, true);
    const { holes } = await readManifest(dataset);
    assert.deepEqual(
      holes.map(({ kind, compressedTo }) => [kind, compressedTo]),
      [['truncated', cutAt]],
    );
    assert.match(warnings.join('\n'), /is truncated at compressed byte \d+ \(decompressed byte \d+\): /);
    assert.deepEqual((await verifyDataset(dataset)).problems, []);
    const lines = linesOfParts(dataset);
    assert.deepEqual(lines, kept.slice(0, lines.length));
    assert.ok(lines.length > kept.length / 2);
  });

  it('with one bit flipped fails with the place; what was before is committed', async () => {
    const archive = await ownArchive(manyFrames, stage.freshFolder('flipped'));
    const { flippedAt } = flipBit(archive.path, 3);
    const { job, facts, message } = await fails(archive, 'ARCHIVE_CORRUPT');
    assert.ok(
      Math.abs((facts['compressed'] ?? 0) - flippedAt) < 300_000,
      `${String(facts['compressed'])} is not near`,
    );
    assert.ok((facts['decompressed'] ?? 0) >= (text.length * 3) / 8);
    committedBefore(job, facts, message);
  });

  it('with one bit flipped succeeds with salvage: all other frames are there, a hole is told, and lines add up', async () => {
    const archive = await ownArchive(manyFrames, stage.freshFolder('flipped'));
    const { flippedAt } = flipBit(archive.path, 3);
    const frames = framesOf(readFileSync(archive.path));
    assert.equal(frames.length, 8);
    const { jobId, dataset } = await stage.job(archive, { ...settings, salvage: true });
    const { warnings } = await stage.threadmill.waitForJob(jobId);
    const { holes, counters } = await readManifest(dataset);
    assert.equal(holes.length, 1);
    const [hole] = holes;
    assert.deepEqual([hole?.kind, hole?.compressedTo], ['corrupt', frames[4]]);
    assert.ok(
      hole !== undefined && hole.compressedFrom <= flippedAt && hole.compressedFrom >= (frames[3] ?? 0),
    );
    assert.match(
      warnings.join('\n'),
      /is corrupt at compressed byte \d+ \(decompressed byte \d+\): up to byte \d+ /,
    );
    assert.deepEqual((await verifyDataset(dataset)).problems, []);
    // frames are cut by size, in the middle of lines
    const frameBytes = Math.ceil(spec.bytes / 8);
    const good = new Set([
      ...linesIn(text.slice(0, frameBytes * 3)),
      ...linesIn(text.slice(frameBytes * 4)).slice(1),
    ]);
    const found = linesOfParts(dataset);
    const salvaged = new Set(found);
    assert.deepEqual(
      kept.filter((line) => good.has(line) && !salvaged.has(line)),
      [],
      'lines of good frames are missing',
    );
    assert.deepEqual(
      found,
      kept.filter((line) => salvaged.has(line)),
      'a line that the archive does not have, or another order',
    );
    assert.equal(counters.kept, found.length);
  });

  it('is salvaged to the same bytes and the same holes when the worker is killed behind the damage', async () => {
    const archive = await ownArchive({ ...manyFrames, bytes: 60_000_000 }, stage.freshFolder('flipped'));
    flipBit(archive.path, 1);
    const undisturbed = await stage.job(archive, { ...settings, salvage: true });
    await stage.threadmill.waitForJob(undisturbed.jobId);
    const job = await stage.job(archive, { ...settings, salvage: true });
    await committed(job.dataset, 15);
    worker.freeze();
    assert.ok(partIdentities(job.dataset).size < 50, 'killed too late to mean anything');
    await worker.kill();
    worker = await stage.worker();
    await stage.threadmill.waitForJob(job.jobId);
    assert.deepEqual(await essenceOf(job.dataset), await essenceOf(undisturbed.dataset));
  });
});
