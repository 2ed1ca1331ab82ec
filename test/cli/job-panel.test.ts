import assert from 'node:assert/strict';
import stringWidth from 'string-width';
import { jobPanel } from '../../src/cli/render/job-panel.ts';
import { painter } from '../../src/cli/render/paint.ts';
import { asciiGlyphs, barOf, fitEnd, labelledRows, unicodeGlyphs } from '../../src/cli/render/panel.ts';
import { zeroCounters } from '../../src/core/fates.ts';
import { progress } from './world.ts';

const busy = {
  ...progress,
  archive: '/archives/RC_2019-04.zst',
  completionPercentage: 43.21,
  estimatedTimeRemaining: 750,
  processedLines: 12_345_678,
  linesPerSecond: 245_000,
  bytesPerSecond: 310_400_000,
  counters: {
    ...zeroCounters,
    kept: 8_123_456,
    excluded: { ...zeroCounters.excluded, deleted: 1_000_000, removed: 234_567 },
    rejected: { ...zeroCounters.rejected, 'malformed-json': 24 },
  },
  parts: 12,
  memoryBytes: 213_000_000,
  retries: 1,
  worker: '1234@lab',
};
const plain = { paint: painter(false), glyphs: unicodeGlyphs };

describe('jobPanel()', () => {
  it('tells of frames where an archive is written anew', () => {
    const reframing = { ...busy, frames: 12, processedBytes: 402_000_000 };
    assert.deepEqual(jobPanel(reframing, { ...plain, columns: 80 }).slice(2), [
      'read     402 MB     310 MB/s',
      'written  12 frames',
      'worker   1 retry    memory 213 MB  1234@lab',
    ]);
  });

  it('tells where it is, what came of the lines and what it uses, in columns', () => {
    assert.deepEqual(jobPanel(busy, { ...plain, columns: 80 }), [
      'RC_2019-04.zst',
      `${'━'.repeat(25)}${'─'.repeat(33)}  43.2 %  ETA 12m 30s`,
      'read     12,345,678 lines  245,000 lines/s  310 MB/s',
      'written  12 parts          8,123,456 kept   1,234,567 excluded    24 rejected',
      'worker   batch 1,000       1 retry          memory 213 of 512 MB  1234@lab',
    ]);
  });

  it('says everything at any width, in more lines where they are narrow, and never fills the last column', () => {
    const told = ['12,345,678 lines', '1,234,567 excluded', '24 rejected', '310 MB/s', '1 retry', '1234@lab'];
    for (let columns = 40; columns <= 200; columns++) {
      const lines = jobPanel(busy, { ...plain, columns });
      for (const text of told) assert.ok(lines.join('\n').includes(text), `${text} at ${String(columns)}`);
    }
    for (let columns = 1; columns <= 200; columns++)
      for (const line of jobPanel({ ...busy, archive: '/a/漢字漢字.zst' }, { ...plain, columns }))
        assert.ok(stringWidth(line) <= Math.max(1, columns - 1), `${line} at ${String(columns)}`);
  });

  it('names the state, and gives no rate and no ETA where nothing is read', () => {
    const text = (
      change: Partial<typeof busy> & { state: typeof progress.state; trouble?: string },
    ): string => jobPanel({ ...busy, ...change }, { ...plain, columns: 100 }).join('\n');
    assert.match(text({ state: 'paused' }), /^RC_2019-04\.zst {2}paused\n/);
    assert.doesNotMatch(text({ state: 'paused' }), /lines\/s|ETA/);
    assert.match(
      text({ state: 'running', trouble: 'no room' }),
      /^RC_2019-04\.zst {2}waiting to try again\n/,
    );
    const assembling = jobPanel(
      { ...busy, state: 'assembling', buckets: 6, bucketsDone: 2 },
      { ...plain, columns: 80 },
    );
    assert.match(assembling.join('\n'), /\nthreads {2}2 of 6 files\n/);
  });

  it('colours only where colour is wanted, and gives no control character of a name to the terminal', () => {
    const evil = { ...busy, archive: '/a/\u001b[2J\u202e.zst' };
    const bare = jobPanel(evil, { ...plain, columns: 80 }).join('\n');
    assert.doesNotMatch(bare, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    const colored = jobPanel(busy, { paint: painter(true), glyphs: asciiGlyphs, columns: 80 }).join('\n');
    assert.match(colored, /\u001b\[32m#+\u001b\[39m/);
  });
});

describe('barOf()', () => {
  it('is as wide as asked, in steps of half a cell, and full only at the end', () => {
    for (let percent = 0; percent <= 100; percent++) {
      const { done, rest } = barOf(percent / 100, 20, unicodeGlyphs);
      assert.equal((done + rest).length, 20);
      assert.equal(rest === '' && !done.endsWith('╸'), percent === 100);
    }
    assert.deepEqual(barOf(0.375, 4, unicodeGlyphs), { done: '━╸', rest: '──' });
  });
});

describe('fitEnd()', () => {
  it('keeps the end, where a path tells most', () => {
    assert.equal(fitEnd('abcdef', 6, unicodeGlyphs), 'abcdef');
    assert.equal(fitEnd('abcdef', 4, unicodeGlyphs), '…def');
    assert.equal(fitEnd('漢字漢字', 4, unicodeGlyphs), '…字');
  });
});

describe('labelledRows()', () => {
  it('goes on under the label where the width ends', () => {
    const rows = [
      { label: 'a', cells: ['one', 'two', 'three'] },
      { label: 'long', cells: ['1'] },
    ];
    assert.deepEqual(labelledRows(rows, 40), ['a     one  two  three', 'long  1']);
    assert.deepEqual(labelledRows(rows, 17), ['a     one    two', '      three', 'long  1']);
    assert.deepEqual(labelledRows(rows, 5), ['a     one', '      two', '      three', 'long  1']);
  });
});
