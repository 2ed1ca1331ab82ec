import assert from 'node:assert/strict';
import type { JobProgress } from '../../src/contract/job.ts';
import { progressOf } from '../../src/contract/progress.ts';
import { defaultJobSettings } from '../../src/settings/job-settings.ts';
import { detailsMarkdown } from '../../src/workflows/details.ts';
import { jobState, live } from '../contract/scene.ts';

const progress = progressOf({ jobId: 'j', phase: 'running', archive: 'a', state: jobState(), live });

describe('detailsMarkdown()', () => {
  const shown = (change: Partial<JobProgress>): string =>
    detailsMarkdown({ ...progress, ...change }, defaultJobSettings());

  it('is one table between the bar and the paths, which the Web UI renders', () => {
    const lines = shown({ linesPerSecond: 1_234_567.8, bytesPerSecond: 45_600_000 }).split('\n');
    assert.deepEqual(lines.slice(0, 4), [
      `**running** \`${'█'.repeat(3)}${'░'.repeat(27)}\` **10.0 %**`,
      '',
      '| | | | |',
      '|---|---:|---|---:|',
    ]);
    assert.ok(lines.includes('| kept | 0 | rate | 1,234,568 lines/s, 46 MB/s |'), lines.join('\n'));
    assert.ok(lines.includes('| excluded | 0 | batch size | 5,000 lines |'));
    assert.ok(lines.includes('| rejected | 0 | memory | 7 of 512 MB |'));
    assert.ok(lines.includes('- Dataset `/out/RC_2005-12` (parquet)'));
  });

  it('shows the files of threads where there are to be some', () => {
    assert.doesNotMatch(shown({}), /\| threads/);
    assert.match(shown({ buckets: 12, bucketsDone: 5 }), / \| threads \| 5 of 12 files \|\n/);
  });

  it('tells the settings that shape the output, and those that can be changed', () => {
    assert.match(shown({}), /\n- Settings: parts of 256 MiB · threads · batches of 100 to 5,000 lines/);
  });

  it('keeps the bar at thirty cells from nothing to all', () => {
    for (const completionPercentage of [0, 0.01, 33.33, 99.99, 100]) {
      const [bar = ''] = /[█░]+/.exec(shown({ completionPercentage })) ?? [];
      assert.equal(bar.length, 30, String(completionPercentage));
    }
    assert.ok(shown({ completionPercentage: 99.99 }).includes('░'), 'full only at the end');
  });

  it('shows a name that is Markdown as it is written, and no picture of it', () => {
    const hostile = '/dumps/a`\n\n![x](https://there/seen.png)`<b>.zst';
    const text = shown({ archive: hostile, dataset: hostile, warnings: [hostile] });
    for (const line of text.split('\n').filter((each) => each.includes('seen.png')))
      assert.match(line, /^(?:> |- Archive |- Dataset )`[^`]*seen\.png[^`]*`(?: \(parquet\))?$/);
    assert.equal(text.split('seen.png').length, 4);
  });

  it('shows the last warning, and nothing of settings before there are any', () => {
    assert.match(shown({ warnings: ['first', 'last'] }), /\n\n> `last`$/);
    assert.doesNotMatch(shown({ warnings: ['first', 'last'] }), /first/);
    assert.match(detailsMarkdown({ ...progress, dataset: '' }, null), /- Dataset ``$/m);
  });
});
