/** Where output may land: names and inputs that want it elsewhere, through the real program and a real server. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { workflowTypes } from '../../src/contract/job.ts';
import { Stage, slowMs } from './stage.ts';

const line = `${JSON.stringify({ id: 'a', link_id: 't3_a', body: 'b', created_utc: 1_672_531_200, author: 'x' })}\n`;

/** Every file below a folder, as paths from it. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

describe('output', function () {
  this.timeout(slowMs);
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
  });
  after(() => stage.end());

  it('of archives with hostile names lands in a folder directly below --out', async () => {
    const folder = stage.freshFolder('hostile');
    const names: Readonly<Record<string, string>> = {
      '...jsonl': 'archive',
      '..jsonl.jsonl': 'archive',
      '-rf *.jsonl': 'rf__',
      'a\nb\tc.jsonl': 'a_b_c',
      '$(touch x)`id`\'"&|;.jsonl': '__touch_x__id______',
      '.threadmill-job.json.jsonl': 'threadmill-job',
      'manifest.json': 'manifest',
      '~root.jsonl': '_root',
      '..\\..\\x.jsonl': '_.._x',
    };
    const worker = await stage.worker();
    for (const [name, expected] of Object.entries(names)) {
      const out = path.join(folder, 'outs', expected, 'out');
      const archive = path.join(folder, name);
      writeFileSync(archive, line);
      const { jobId, dataset } = await stage.threadmill.startJob(
        archive,
        { format: 'jsonl', preserveThreads: false },
        { out },
      );
      await stage.threadmill.waitForJob(jobId);
      assert.equal(dataset, path.join(out, expected));
      assert.deepEqual(filesBelow(out), [`${expected}/manifest.json`, `${expected}/part-00000.jsonl`]);
    }
    assert.deepEqual(readdirSync(folder).sort(), [...Object.keys(names), 'outs'].sort());
    await worker.stop();
  });

  it('is refused where the dataset is a link that somebody put there', async () => {
    const folder = stage.freshFolder('planted');
    const outside = path.join(folder, 'outside');
    mkdirSync(outside);
    mkdirSync(path.join(folder, 'out'));
    symlinkSync(outside, path.join(folder, 'out', 'RC_x'));
    const archive = path.join(folder, 'RC_x.jsonl');
    writeFileSync(archive, line);
    const run = stage.start([
      ...['run', archive, '--out', path.join(folder, 'out'), '--address', stage.server.address, '--json'],
    ]);
    assert.equal(await run.ended, 1, run.stderr);
    assert.match(run.stderr, /OUTPUT_DENIED: Cannot write dataset ".*RC_x": it is a symbolic link/);
    assert.deepEqual(readdirSync(outside), []);
  });

  it('of a job that anybody may have started stays below the folder of a worker that is confined to it', async () => {
    const folder = stage.freshFolder('confined');
    const out = path.join(folder, 'out');
    const outside = path.join(folder, 'outside');
    mkdirSync(out);
    mkdirSync(outside);
    symlinkSync(outside, path.join(out, 'way-out'));
    writeFileSync(path.join(outside, 'canary'), 'as it was');
    writeFileSync(path.join(outside, '.threadmill-job.json'), '{"jobId":"hostile-5"}');
    const archive = path.join(folder, 'RC_x.jsonl');
    writeFileSync(archive, line);
    const worker = await stage.worker(['--out', out, '--confine-out']);
    const start = (workflowId: string, input: object): Promise<WorkflowHandle> =>
      stage.threadmill.client.workflow.start(workflowTypes.archive, {
        workflowId,
        taskQueue: stage.taskQueue,
        args: [{ archive, ...input }],
        memo: { dataset: outside },
      });
    const state = {
      ...{ dataset: outside, inspection: { name: '../outside' }, settings: {}, counters: {}, next: {} },
      ...{ parts: [], workerQueue: null },
    };
    const hostile = [
      { out: outside },
      { out: `${out}/../outside` },
      { out: `${out}/way-out` },
      { out: '/' },
      { out: '' },
      { out: outside, state },
      { archive: `${folder}/../${path.basename(folder)}/RC_x.jsonl`, out: `${out}/way-out/deeper` },
    ];
    for (const [at, input] of hostile.entries()) {
      const handle = await start(`hostile-${at}`, input);
      const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
      assert.ok(
        error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure,
        String(at),
      );
      assert.ok(
        ['OUTPUT_DENIED', 'USAGE'].includes(error.cause.type ?? ''),
        `${at} ${error.cause.type ?? ''}`,
      );
    }
    assert.deepEqual(filesBelow(outside), ['.threadmill-job.json', 'canary']);
    assert.equal(readFileSync(path.join(outside, 'canary'), 'utf8'), 'as it was');
    assert.deepEqual(readdirSync(out), ['way-out']);
    const handle = await start('fine', {
      out: path.join(out, 'below'),
      settings: { format: 'jsonl', preserveThreads: false },
    });
    await handle.result();
    assert.deepEqual(filesBelow(path.join(out, 'below')), ['RC_x/manifest.json', 'RC_x/part-00000.jsonl']);
    await worker.stop();
  });
});
