import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hostilePair } from './hostile-archive.ts';
import { assembleHere, claim, jobId, spillHere } from './scene.ts';
import { SqlOracle, type Compared } from './sql-oracle.ts';

const seeds = Number(process.env['THREADMILL_TEST_SEEDS'] ?? 16);
const firstSeed = Number(process.env['THREADMILL_TEST_SEED'] ?? 1);

describe('threads and SQL', () => {
  let oracle: SqlOracle;
  before(async () => {
    oracle = await SqlOracle.create();
  });
  after(() => {
    oracle.close();
  });

  async function compare(seed: number, joined: boolean): Promise<Compared> {
    const folder = await mkdtemp(path.join(tmpdir(), 'threadmill-sql-'));
    try {
      await claim(folder, jobId);
      const { comments, submissions } = hostilePair(seed);
      const buckets = 1 + (seed % 4);
      // parts of a few lines each: an id comes again in another part
      const shape = { buckets, partLines: 50 };
      const spills = [...(await spillHere(folder, comments, shape))];
      if (joined) spills.push(...(await spillHere(folder, submissions, { ...shape, kind: 'submissions' })));
      const entries = await assembleHere(folder, spills, { buckets, joined, payloadBytesMax: 3000 });
      return await oracle.compare({
        comments: path.join(folder, 'comments', 'archive.plain'),
        submissions: joined ? path.join(folder, 'submissions', 'archive.plain') : null,
        folder,
        entries,
      });
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  for (const joined of [false, true]) {
    it(`agree on every row of hostile archives${joined ? ', joined with their submissions' : ''}`, async () => {
      const sums = { rows: 0, tombstones: 0, orphans: 0, duplicates: 0, cycles: 0 };
      for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
        const compared = await compare(seed, joined);
        for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += compared[name];
      }
      for (const [name, sum] of Object.entries(sums)) assert.ok(sum >= seeds, `${sum} ${name} in all`);
    }).timeout(600_000);
  }
});
