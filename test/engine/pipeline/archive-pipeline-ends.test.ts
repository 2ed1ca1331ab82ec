import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { generateArchive } from '../../../samples/generator/archive.ts';
import { generateLines } from '../../../samples/generator/generate-lines.ts';
import type { PipelineStep } from '../../../src/engine/pipeline/archive-pipeline.ts';
import { inFolder } from '../dataset/scene.ts';
import { archiveOf, comment, hashesOf, pipelineOf, runToEnd, type Given, type Run } from './scene.ts';

const content = { kind: 'comments', era: '2015', bytes: 400_000, seed: 5 } as const;
const text = (): Buffer => Buffer.concat([...generateLines(content)]);
const partBytes = 64 * 1024;

async function written(folder: string, { entries }: Run): Promise<Buffer> {
  return Buffer.concat(await Promise.all(entries.map(({ file }) => readFile(path.join(folder, file)))));
}

/** Whole lines of the first `bytes` bytes. */
function wholeLines(bytes: number): Buffer {
  const before = text().subarray(0, bytes);
  return before.subarray(0, before.lastIndexOf(10) + 1);
}

/** Spoils an archive, and runs it with an empty `out` folder beside it. */
function damaged(
  frames: number,
  spoil: (file: string, bytes: number) => Promise<void>,
  use: (run: (salvage: boolean) => Promise<{ run: Run; out: string }>, bytes: number) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    const file = path.join(folder, 'archive');
    const { compressedBytes } = await generateArchive({ ...content, frames }, file);
    await spoil(file, compressedBytes);
    await use(async (salvage) => {
      const out = path.join(folder, `out-${salvage ? 'salvaged' : 'stopped'}`);
      await mkdir(out);
      const archive = { path: file, container: 'zstd' as const };
      return { run: await runToEnd({ archive, folder: out, partBytes, salvage, threads: 2 }), out };
    }, compressedBytes);
  });
}

async function flip(file: string, from: number, to: number): Promise<void> {
  const bytes = await readFile(file);
  await writeFile(
    file,
    bytes.map((byte, at) => (at >= from && at < to ? byte ^ 0x5a : byte)),
  );
}

describe('ArchivePipeline and damage', () => {
  it('keeps every whole line before the end of a cut-off frame, and says where it ends', () =>
    damaged(
      1,
      (file, bytes) => truncate(file, Math.floor(bytes * 0.6)),
      async (runIt, bytes) => {
        const { run, out } = await runIt(false);
        const { damage, holes } = run.end;
        assert.ok(damage !== null);
        assert.deepEqual([damage.kind, holes], ['truncated', []]);
        assert.ok(
          damage.compressed > bytes * 0.3 && damage.compressed <= bytes * 0.6,
          String(damage.compressed),
        );
        assert.ok(damage.decompressed > content.bytes * 0.3, String(damage.decompressed));
        assert.ok((await written(out, run)).equals(wholeLines(damage.decompressed)));
        // the line that was cut off is none: there was more of it
        assert.ok(run.entries.every(({ counters, rejects }) => counters.lines === counters.kept && !rejects));
      },
    ));

  it('tells the line that was cut off among the rejects where damage is gone over', () =>
    damaged(
      1,
      (file, bytes) => truncate(file, Math.floor(bytes * 0.6)),
      async (runIt, bytes) => {
        const { run, out } = await runIt(true);
        const [hole, ...others] = run.end.holes;
        assert.ok(hole !== undefined);
        assert.deepEqual([run.end.damage, others, hole.kind], [null, [], 'truncated']);
        assert.equal(hole.compressedTo, Math.floor(bytes * 0.6));
        const last = run.entries.at(-1);
        assert.equal(last?.counters.rejected['malformed-json'], 1);
        assert.ok((await written(out, run)).equals(wholeLines(hole.decompressed)));
      },
    ));

  it('stops at a damaged frame, and goes over it to the next one', () =>
    damaged(
      10,
      (file, bytes) => flip(file, Math.floor(bytes * 0.45), Math.floor(bytes * 0.45) + 64),
      async (runIt, bytes) => {
        const stopped = await runIt(false);
        const { damage } = stopped.run.end;
        assert.ok(damage !== null);
        assert.equal(damage.kind, 'corrupt');
        assert.ok(
          damage.compressed <= bytes * 0.46 && damage.compressed > bytes * 0.3,
          String(damage.compressed),
        );
        assert.ok((await written(stopped.out, stopped.run)).equals(wholeLines(damage.decompressed)));
        const over = await runIt(true);
        const [hole] = over.run.end.holes;
        assert.ok(hole !== undefined && hole.compressedTo < bytes);
        const kept = await written(over.out, over.run);
        const [before, after] = [wholeLines(hole.decompressed), text()];
        assert.ok(kept.subarray(0, before.length).equals(before));
        // behind the hole all is as in the archive, but for the line that the next frame begins inside of
        const rest = kept.subarray(before.length);
        assert.ok(rest.length > content.bytes * 0.4);
        assert.ok(after.subarray(after.length - rest.length).equals(rest));
      },
    ));

  const strangers: readonly (readonly [string, string, (file: string) => Promise<unknown>])[] = [
    ['ARCHIVE_MISSING', 'is gone', () => Promise.resolve()],
    ['ARCHIVE_UNREADABLE', 'is a folder', (file) => mkdir(file)],
  ];
  for (const [code, what, make] of strangers) {
    it(`next() rejects with ${code} where the archive ${what}`, () =>
      inFolder(async (folder) => {
        const file = path.join(folder, 'archive');
        await make(file);
        const archive = { path: file, container: 'plain' as const };
        await assert.rejects(runToEnd({ archive, folder, partBytes }), { code, facts: { path: file } });
      }));
  }
});

describe('ArchivePipeline and its output folder', () => {
  /** A pipeline over ten parts into `out`. */
  function begun(
    use: (given: Given, out: string) => Promise<void>,
    change: Partial<Given> = {},
  ): Promise<void> {
    return inFolder(async (folder) => {
      const out = path.join(folder, 'out');
      await mkdir(out);
      const dirty = Array.from({ length: 10 }, (_, id) => `${comment(id, 900)}\n{"cut\n`).join('');
      await use({ archive: await archiveOf(folder, dirty), folder: out, partBytes: 906, ...change }, out);
    });
  }

  async function partOf(
    step: Promise<PipelineStep>,
  ): Promise<Extract<PipelineStep, { type: 'part' }>['part']> {
    const found = await step;
    assert.ok(found.type === 'part');
    return found.part;
  }

  it('shows no part before its commit, then the part and its rejects', () =>
    begun(async (given, out) => {
      const pipeline = pipelineOf(given);
      const part = await partOf(pipeline.next());
      assert.ok((await readdir(out)).every((name) => name.endsWith('.tmp')));
      const { entry, next } = await part.commit();
      assert.deepEqual([next.part, next.offset, next.line], [1, entry.end, entry.counters.lines]);
      const names = (await readdir(out)).filter((name) => !name.endsWith('.tmp'));
      assert.deepEqual(names, ['part-00000.jsonl', 'part-00000.rejects.jsonl.zst']);
      assert.equal((await stat(path.join(out, entry.file))).size, entry.bytes);
      assert.deepEqual(part.examples, [{ line: 1, offset: 901, reason: 'malformed-json', raw: '{"cut' }]);
      await pipeline.close();
    }));

  it('gives the same part until it is committed, to whoever asks', () =>
    begun(async (given) => {
      const pipeline = pipelineOf(given);
      const [one, other] = await Promise.all([partOf(pipeline.next()), partOf(pipeline.next())]);
      assert.equal(one, other);
      const { entry } = await one.commit();
      const following = await (await partOf(pipeline.next())).commit();
      assert.deepEqual([entry.index, following.entry.index], [0, 1]);
      await pipeline.close();
    }));

  it('leaves no temporary file when it is closed, at whatever moment', () =>
    begun(async (given, out) => {
      for (const turns of [0, 1, 10, 50, 100, 200, 400, 800, 1600, 3200]) {
        const pipeline = pipelineOf({ ...given, threads: 2 });
        for (let count = 0; count < turns; count++) await turn();
        const asked = pipeline.next();
        await pipeline.close();
        await pipeline.close();
        assert.deepEqual(await readdir(out), [], `closed after ${turns} turns`);
        await asked.catch(() => undefined);
        await assert.rejects(pipeline.next(), /closed/).catch(async () => {
          // it was there before, and is not any more
          assert.equal((await pipeline.next()).type, 'part');
        });
      }
    }));

  it('leaves the committed parts alone when it is closed', () =>
    begun(async (given, out) => {
      const pipeline = pipelineOf(given);
      await (await partOf(pipeline.next())).commit();
      await partOf(pipeline.next());
      await pipeline.close();
      assert.deepEqual(await readdir(out), ['part-00000.jsonl', 'part-00000.rejects.jsonl.zst']);
    }));

  it('is not harmed by a second one that writes the same parts at the same time', () =>
    begun(async (given, out) => {
      const alone = path.join(path.dirname(out), 'alone');
      await mkdir(alone);
      const { entries } = await runToEnd({ ...given, folder: alone });
      const runs = await Promise.all([runToEnd(given), runToEnd({ ...given, threads: 2, batchSize: 1 })]);
      for (const run of runs) assert.deepEqual(run.entries, entries);
      assert.deepEqual(await hashesOf(out), await hashesOf(alone));
    }));

  it('next() rejects with OUTPUT_DENIED where the folder is gone or a file, and nothing stays', () =>
    begun(async (given, out) => {
      await rm(out, { recursive: true });
      const expected = { code: 'OUTPUT_DENIED', message: /check the folder and its permissions/ };
      await assert.rejects(runToEnd(given), expected);
      await writeFile(out, 'a file in its place');
      await assert.rejects(runToEnd(given), expected);
      assert.equal(await readFile(out, 'utf8'), 'a file in its place');
    }));

  for (const taken of ['part-00000.jsonl', 'part-00000.rejects.jsonl.zst']) {
    it(`commit() rejects with OUTPUT_DENIED where ${taken} is a folder, and nothing stays`, () =>
      begun(async (given, out) => {
        await mkdir(path.join(out, taken));
        const pipeline = pipelineOf(given);
        const part = await partOf(pipeline.next());
        await assert.rejects(part.commit(), {
          code: 'OUTPUT_DENIED',
          facts: { path: path.join(out, taken) },
        });
        const own = (await readdir(out)).filter((name) => name.startsWith('part-00000'));
        assert.deepEqual(
          own.filter((name) => name.endsWith('.tmp')),
          [],
        );
        await pipeline.close();
      }));
  }

  it('commit() rejects with OUTPUT_DENIED where the folder goes while it works', () =>
    begun(async (given, out) => {
      const pipeline = pipelineOf(given);
      const part = await partOf(pipeline.next());
      await rename(out, `${out}-moved`);
      await assert.rejects(part.commit(), { code: 'OUTPUT_DENIED' });
      await pipeline.close();
      await assert.rejects(readdir(out), { code: 'ENOENT' });
    }));
});

describe('ArchivePipeline while it runs', () => {
  const lines = Array.from({ length: 20_000 }, (_, id) => `${comment(id, 199)}\n`).join('');

  function running(use: (given: Given) => Promise<void>): Promise<void> {
    return inFolder(async (folder) => {
      const archive = await archiveOf(folder, lines, { container: 'zstd' });
      await use({ archive, folder, partBytes: 2 ** 20, meanLineBytes: 200 });
    });
  }

  it('hold() stops the decoder and lets what is in flight be milled; then it goes on', () =>
    running(async (given) => {
      const reports: number[] = [];
      const pipeline = pipelineOf({
        ...given,
        inFlightBytesMax: 1,
        batchSize: 100,
        onBlockDone: (report) => {
          if (reports.push(report.lines) === 1) pipeline.hold(true);
        },
      });
      while (reports.length === 0 || pipeline.blocksInFlight > 0) await turn();
      assert.ok(pipeline.decoderHeld);
      assert.ok(pipeline.decompressedOffset < lines.length / 2, 'it did not stop');
      pipeline.hold(false);
      for (let step = await pipeline.next(); step.type === 'part'; step = await pipeline.next())
        await step.part.commit();
      assert.equal(pipeline.linesDone, 20_000);
      await pipeline.close();
    }));

  it('counts lines and offsets over the whole archive, and ends at its size', () =>
    running(async (given) => {
      const pipeline = pipelineOf(given);
      for (let step = await pipeline.next(); step.type === 'part'; step = await pipeline.next()) {
        assert.ok(pipeline.windowBytesInUse >= 0 && pipeline.windowBytesInUse <= lines.length);
        await step.part.commit();
      }
      const { size } = await stat(given.archive.path);
      assert.deepEqual(
        [pipeline.linesDone, pipeline.decompressedOffset, pipeline.compressedOffset],
        [20_000, lines.length, size],
      );
      await pipeline.close();
    }));

  it('resize() changes the lines of a batch with the next block', () =>
    running(async (given) => {
      const batches = { before: 0, after: 0 };
      let lines = 0;
      const pipeline = pipelineOf({
        ...given,
        inFlightBytesMax: 1,
        batchSize: 5000,
        onBlockDone: (report) => {
          batches[lines < 10_000 ? 'before' : 'after'] += report.batches;
          if (lines < 10_000 && lines + report.lines >= 10_000) pipeline.resize(100, 1);
          lines += report.lines;
        },
      });
      for (let step = await pipeline.next(); step.type === 'part'; step = await pipeline.next())
        await step.part.commit();
      assert.ok(batches.before <= 2 && batches.after >= 90, JSON.stringify(batches));
      await pipeline.close();
    }));

  it('next() rejects with the error of a thread that died, and nothing stays', () =>
    running(async (given) => {
      const threads: Worker[] = [];
      const collect = (thread: Worker): void => {
        threads.push(thread);
      };
      process.on('worker', collect);
      const out = path.join(given.folder, 'out');
      await mkdir(out);
      const pipeline = pipelineOf({
        ...given,
        folder: out,
        threads: 2,
        onBlockDone: () => {
          pipeline.hold(true);
        },
      });
      await turn();
      process.off('worker', collect);
      threads[0]?.emit('error', new Error('out of memory'));
      await assert.rejects(pipeline.next(), /out of memory/);
      await pipeline.close();
      assert.deepEqual(await readdir(out), []);
    }));

  it('starts the mill threads that it was asked for', () =>
    running(async (given) => {
      for (const threads of [1, 3]) {
        let started = 0;
        const count = (): void => {
          started++;
        };
        process.on('worker', count);
        const pipeline = pipelineOf({ ...given, threads });
        await pipeline.next();
        await pipeline.close();
        process.off('worker', count);
        // and the decoder's
        assert.equal(started, threads + 1);
      }
    }));
});
