import assert from 'node:assert/strict';
import path from 'node:path';
import { compareLarge } from './large-oracle.ts';
import { manyComments } from './many-comments.ts';
import { assemble, claimedFolder, spill } from './scene.ts';

describe('large threads', () => {
  for (const [shape, comments, threads] of [
    ['tree', 100_000, 1],
    ['tree', 60_000, 700],
    ['chain', 50_000, 1],
  ] as const) {
    it(`${threads} of ${comments} comments (${shape}) agree with SQL, in the least memory`, async () => {
      const { folder, remove } = await claimedFolder();
      try {
        const text = manyComments({ comments, threads, shape, excluded: 0.3 });
        const { spills } = await spill(folder, text, { threads: 2 });
        const [entry] = await assemble(folder, spills, { limitBytes: 1 });
        assert.equal(entry?.threads, threads);
        const archive = path.join(folder, 'comments', 'archive.plain');
        const compared = await compareLarge({ archive, rows: path.join(folder, entry.file), shape });
        assert.equal(compared, entry.rows);
        assert.ok(entry.tombstones > comments / 20 && entry.rows > comments / 2);
      } finally {
        await remove();
      }
    }).timeout(120_000);
  }
});
