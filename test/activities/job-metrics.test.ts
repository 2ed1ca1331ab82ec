import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { MetricMeter, MetricTags } from '@temporalio/common';
import { WorkerMetrics, labelledJobsMax, metricRows } from '../../src/activities/job-metrics.ts';
import { zeroCounters } from '../../src/core/fates.ts';
import type { PartEntry } from '../../src/contract/job.ts';

const part: PartEntry = {
  index: 0,
  file: 'part-00000.parquet',
  start: 100,
  end: 350,
  firstLine: 0,
  rows: 3,
  bytes: 40,
  sha256: '',
  counters: { ...zeroCounters, lines: 5, kept: 3, excluded: { ...zeroCounters.excluded, deleted: 2 } },
  rejects: null,
};

/** Series with their values, as an exporter keeps them; of a histogram what was recorded. */
class Exporter {
  readonly series = new Map<string, number[]>();

  readonly meter = ((): MetricMeter => {
    const write =
      (name: string, add: boolean) =>
      (value: number, tags: MetricTags = {}) => {
        const labels = Object.entries(tags).map(([label, text]) => `${label}=${String(text)}`);
        const key = `${name}{${labels.join(',')}}`;
        const [sum = 0] = this.series.get(key) ?? [];
        this.series.set(key, [add ? sum + value : value]);
      };
    // of a meter only what is used
    return {
      createCounter: (name: string) => ({ add: write(`${name}_total`, true) }),
      createGauge: (name: string) => ({ set: write(name, false) }),
      createHistogram: (name: string) => ({ record: write(name, false) }),
    } as unknown as MetricMeter;
  })();

  value(key: string): number | undefined {
    return this.series.get(key)?.[0];
  }
}

describe('WorkerMetrics', () => {
  it('counts a committed part by the fate of its lines', () => {
    const { meter, ...exporter } = new Exporter();
    const segment = new WorkerMetrics(meter).segment('j', 'RC');
    segment.committed(part);
    segment.committed(part);
    const of = (labels: string): number | undefined =>
      exporter.series.get(`threadmill_lines_total{job_id=j,archive=RC,${labels}}`)?.[0];
    assert.equal(of('fate=kept,reason='), 6);
    assert.equal(of('fate=excluded,reason=deleted'), 4);
    assert.equal(
      of('fate=rejected,reason=malformed-json'),
      0,
      'there from the start, for alerts on its rate',
    );
    const read = exporter.series.get('threadmill_read_bytes_total{job_id=j,archive=RC}');
    assert.deepEqual(read, [500]);
  });

  it(`gives ${labelledJobsMax} jobs labels of their own, and the ones after them share "other"`, () => {
    const exporter = new Exporter();
    const metrics = new WorkerMetrics(exporter.meter);
    const begin = (job: number): void => {
      const segment = metrics.segment(`j${job}`, `a${job}`);
      segment.begun({ attempt: 2, resumed: true });
      segment.ended('full');
    };
    for (let job = 0; job < labelledJobsMax + 50; job++) begin(job);
    begin(0);
    const retries = [...exporter.series].filter(([key]) => key.startsWith('threadmill_retries_total'));
    assert.equal(retries.length, labelledJobsMax + 1);
    assert.equal(exporter.value('threadmill_retries_total{job_id=other,archive=other}'), 50);
    assert.equal(exporter.value('threadmill_retries_total{job_id=j0,archive=a0}'), 2);
    assert.equal(exporter.value('threadmill_resumptions_total{job_id=other,archive=other}'), 50);
  });

  it('shows figures of the moment while a segment runs, and 0 when it has ended', () => {
    const exporter = new Exporter();
    const metrics = new WorkerMetrics(exporter.meter);
    const segment = metrics.segment('j', 'RC');
    const live = {
      processedLines: 10,
      processedBytes: 100,
      compressedBytes: 30,
      linesPerSecond: 5,
      bytesPerSecond: 50,
      batchSize: 700,
      memoryBytes: 9,
    };
    segment.live(live, null, { compressedBytes: 40 });
    const seen = (): readonly (number | undefined)[] => [
      exporter.value('threadmill_batch_size_lines{job_id=j,archive=RC}'),
      exporter.value('threadmill_memory_bytes{job_id=j,archive=RC}'),
      exporter.value('threadmill_progress_ratio{job_id=j,archive=RC}'),
      exporter.value('threadmill_running_segments{}'),
    ];
    assert.deepEqual(seen(), [700, 9, 0.75, 1]);
    segment.ended('full');
    segment.ended('failed');
    assert.deepEqual(seen(), [0, 0, 0.75, 0]);
    assert.equal(exporter.value('threadmill_segments_total{job_id=j,archive=RC,end=full}'), 1);
    assert.equal(exporter.value('threadmill_segments_total{job_id=j,archive=RC,end=failed}'), undefined);
  });

  it('records the mean time of the batches that blocks complete', () => {
    const exporter = new Exporter();
    const segment = new WorkerMetrics(exporter.meter).segment('j', 'RC');
    const block = { type: 'block-done', slot: 0, lines: 10, rejects: 0 } as const;
    segment.milled({ ...block, batches: 0, busyMs: 30 });
    segment.milled({ ...block, batches: 2, busyMs: 50 });
    assert.equal(exporter.value('threadmill_batch_seconds{job_id=j,archive=RC}'), 0.04);
    assert.equal(exporter.value('threadmill_batches_total{job_id=j,archive=RC}'), 2);
  });
});

describe('metricRows', () => {
  it('is what docs/operating.md lists, with the labels', () => {
    const text = readFileSync(path.join(import.meta.dirname, '../../docs/operating.md'), 'utf8');
    const listed = [...text.matchAll(/^\| `(threadmill_\w+)` \| (\w+) \| ([^|]*) \|/gm)].map(
      ([, name = '', kind = '', labels = '']) => [name, kind, labels.trim()],
    );
    const ours = Object.entries(metricRows).map(([name, { kind, labels }]) => [
      name,
      kind,
      labels.map((label) => `\`${label}\``).join(', '),
    ]);
    assert.deepEqual(listed, ours);
  });
});
