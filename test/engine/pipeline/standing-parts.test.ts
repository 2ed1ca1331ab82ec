import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ResumePoint, SegmentInput } from '../../../src/contract/job.ts';
import { inspectArchive } from '../../../src/engine/archive/inspect.ts';
import { MillSession } from '../../../src/engine/pipeline/mill-session.ts';
import { standingPart, type StandingPart } from '../../../src/engine/pipeline/standing-parts.ts';
import { ProcessMemory } from '../../../src/engine/resources/process-memory.ts';
import { defaultJobSettings } from '../../../src/settings/job-settings.ts';
import { archiveOf, beginning, comment } from './scene.ts';

const MiB = 2 ** 20;
const nowSeconds = 1_700_000_000;
const daySeconds = 86_400;
const bad = '{"id":';

/** A comment of 1000 bytes without a retrieval time. */
const at = (id: number, created: number): string =>
  comment(id, 1000).replace('"created_utc":1600000000', `"created_utc":${created}`);

describe('standingPart()', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-standing-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function inputOf(
    lines: readonly string[],
    change: Partial<SegmentInput['settings']> = {},
  ): Promise<SegmentInput> {
    const text = `${lines.join('\n')}\n`;
    const archive = await archiveOf(folder, text, { container: 'zstd', cuts: [700_000, 1_500_000] });
    const dataset = path.join(folder, 'dataset');
    return {
      inspection: await inspectArchive(archive.path),
      settings: { ...defaultJobSettings(), preserveThreads: false, partBytes: MiB, ...change },
      dataset: mkdtempSync(dataset),
      next: beginning,
      segment: 0,
      buckets: 0,
      before: { parts: 0, lines: 0, bytes: 0, compressedBytes: 0 },
      batchSize: 1000,
      batchCeiling: null,
      nowSeconds,
    };
  }

  /** Makes all parts, as a job does; gives where each one's successor begins. */
  async function make(input: SegmentInput): Promise<readonly ResumePoint[]> {
    const memory = new ProcessMemory(0);
    const session = new MillSession({
      input,
      from: beginning,
      threads: 1,
      memory,
      onWarning: () => undefined,
    });
    const nexts: ResumePoint[] = [];
    try {
      for (let step = await session.next(); step.type === 'part'; step = await session.next())
        nexts.push((await step.part.commit()).next);
      return nexts;
    } finally {
      await session.close();
    }
  }

  function find(input: SegmentInput, from: ResumePoint = beginning): Promise<StandingPart | null> {
    return standingPart({ input, from, onChunk: () => undefined });
  }

  const lines = Array.from({ length: 2500 }, (_, id) => (id % 1000 === 7 ? bad : at(id, 1_600_000_000 + id)));

  it('finds part after part, with the entry and the place that its maker told', async () => {
    const input = await inputOf(lines);
    const nexts = await make(input);
    assert.equal(nexts.length, 3);
    let from = beginning;
    for (const expected of nexts) {
      const found = await find(input, from);
      assert.ok(found !== null);
      assert.deepEqual(found.next, expected);
      const { entry } = found;
      assert.equal(entry.bytes, readFileSync(path.join(input.dataset, entry.file)).length);
      assert.equal(entry.rejects === null, entry.counters.rejected['malformed-json'] === 0);
      from = found.next;
    }
    assert.equal(await find(input, from), null);
    assert.notEqual(nexts[1]?.frame.compressed, 0, 'it would begin at the beginning');
  });

  it('finds none whose archive, settings or place are others', async () => {
    const input = await inputOf(lines);
    const [next] = await make(input);
    assert.ok(next !== undefined);
    const changed = (settings: Partial<SegmentInput['settings']>): SegmentInput => ({
      ...input,
      settings: { ...input.settings, ...settings },
    });
    for (const other of [
      { ...input, inspection: { ...input.inspection, fingerprint: `1-${'0'.repeat(64)}` } },
      { ...input, inspection: { ...input.inspection, kind: 'submissions' as const } },
      ...[
        { partBytes: 2 * MiB },
        { keepRaw: true },
        { qualityMinScore: 0 },
        { excludeDeleted: false },
        { salvage: true },
        { columns: ['id'] },
        { extra: true },
        { subreddit: ['austin'] },
        { where: 'score > 3' },
        { authorsFile: { path: '/names', names: 1000, sha256: 'a'.repeat(64) } },
      ].map(changed),
    ]) {
      assert.equal(await find(other), null);
    }
    // what only tunes the process is no other
    assert.ok((await find(changed({ maxBatchSize: 200, maxMemoryUsage: 999 }))) !== null);
    for (const from of [
      { ...next, line: next.line + 1 },
      { ...next, offset: next.offset + 1 },
      { ...next, part: 2 },
    ]) {
      assert.equal(await find(input, from), null);
    }
  });

  it('finds none of which one bit is another, anywhere in the part or its rejects', async function () {
    this.timeout(60_000);
    const input = await inputOf(lines);
    await make(input);
    const { entry } = (await find(input)) ?? assert.fail();
    for (const name of [entry.file, entry.rejects?.file ?? '']) {
      const file = path.join(input.dataset, name);
      const bytes = readFileSync(file);
      // all of the footer, and what is spread over the pages
      const places = Array.from(
        { length: 300 },
        (_, step) => bytes.length - 1 - step * (step < 200 ? 17 : 101),
      ).filter((place) => place >= 0);
      for (const place of places) {
        const flipped = Buffer.from(bytes);
        flipped[place] = (flipped[place] as number) ^ 4;
        writeFileSync(file, flipped);
        assert.equal(await find(input), null, `${name}, byte ${place}`);
      }
      for (const cut of [0, 10, bytes.length >> 1, bytes.length - 1]) {
        writeFileSync(file, bytes.subarray(0, cut));
        assert.equal(await find(input), null);
      }
      writeFileSync(file, Buffer.concat([bytes, Buffer.from('x')]));
      assert.equal(await find(input), null);
      rmSync(file);
      assert.equal(await find(input), null);
      writeFileSync(file, bytes);
      assert.ok((await find(input)) !== null);
    }
  });

  it('finds a part under another start of the job only where that start judges every line alike', async () => {
    const late = nowSeconds + daySeconds;
    const passes = await inputOf([at(1, late), at(2, late - 5)]);
    await make(passes);
    const starting = (input: SegmentInput, seconds: number) => find({ ...input, nowSeconds: seconds });
    assert.ok((await starting(passes, nowSeconds)) !== null);
    assert.ok((await starting(passes, nowSeconds + 1_000_000)) !== null);
    assert.equal(await starting(passes, nowSeconds - 1), null, 'it would reject the first line');
    const refused = await inputOf([at(1, late - 100), at(2, late + 10)]);
    await make(refused);
    assert.ok((await starting(refused, nowSeconds + 9)) !== null);
    assert.ok((await starting(refused, nowSeconds - 100)) !== null);
    assert.equal(await starting(refused, nowSeconds + 10), null, 'it would keep the second line');
    assert.equal(await starting(refused, nowSeconds - 101), null, 'it would reject the first line');
    // lines that say when they were retrieved do not depend on it
    const dated = await inputOf([at(1, 1_650_000_000).replace('{', '{"retrieved_on":1660000000,')]);
    await make(dated);
    assert.ok((await starting(dated, 1_600_000_000)) !== null);
  });

  it('finds none in the formats that have no place for a seal', async () => {
    for (const format of ['csv', 'jsonl', 'jsonl.zst'] as const) {
      const input = await inputOf(lines, { format });
      await make(input);
      assert.ok(readdirSync(input.dataset).includes(`part-00000.${format}`));
      assert.equal(await find(input), null, format);
    }
  });

  it('with salvage enters no later than it was to, because holes before the part must be seen again', async () => {
    const input = await inputOf(lines, { salvage: true });
    const [first, second] = await make(input);
    assert.ok(first !== undefined && second !== undefined);
    assert.notDeepEqual(second.frame, beginning.frame);
    const found = await find(input, { ...first, frame: beginning.frame });
    assert.deepEqual(found?.next, { ...second, frame: beginning.frame });
  });

  it('takes no link and waits for no pipe, in place of a part or its rejects', async () => {
    const input = await inputOf(
      Array.from({ length: 1500 }, (_, id) => (id % 50 === 0 ? bad : at(id, nowSeconds))),
    );
    await make(input);
    assert.notEqual(await find(input), null);
    const part = path.join(input.dataset, 'part-00000.parquet');
    const rejects = path.join(input.dataset, 'part-00000.rejects.jsonl.zst');
    renameSync(part, path.join(folder, 'moved'));
    symlinkSync(path.join(folder, 'moved'), part);
    assert.equal(await find(input), null, 'the very part, elsewhere');
    rmSync(part);
    execFileSync('mkfifo', [part]);
    assert.equal(await find(input), null);
    rmSync(part);
    renameSync(path.join(folder, 'moved'), part);
    assert.notEqual(await find(input), null);
    rmSync(rejects);
    execFileSync('mkfifo', [rejects]);
    assert.equal(await find(input), null);
  });
});
