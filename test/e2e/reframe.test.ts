/** An archive written anew as frames: killed, paused, watched, and in the end the same text in the same bytes. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import zstd from '@mongodb-js/zstd';
import { archiveOf, oneFrame, type Archive } from './archives.ts';
import { Stage, slowMs } from './stage.ts';
import { until } from './until.ts';

/** By another decoder than ours, which knows nothing of seek tables. */
function unpacked(file: string): Promise<Buffer> {
  return zstd.decompress(readFileSync(file));
}

const framing = { level: 5, frameMib: 1 } as const;

describe('threadmill reframe', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let archive: Archive;
  let undisturbed: Buffer;
  before(async () => {
    stage = await Stage.open();
    archive = await archiveOf(oneFrame);
  });
  after(() => stage.end());

  const fileIn = (name: string): string => path.join(stage.freshFolder(name), 'RC.zst');

  it('gives frames that any decoder reads, the same text, and checksums of both', async () => {
    const output = fileIn('plain');
    const flags = ['--level', '5', '--frame-mib', '1', '--threads', '2', '--address', stage.server.address];
    const args = ['reframe', archive.path, '--out', output, '--json', ...flags];
    const program = stage.start(args);
    assert.equal(await program.ended, 0, program.stderr);
    const said = JSON.parse(program.stdout) as Record<string, unknown>;
    undisturbed = readFileSync(output);
    const text = await unpacked(archive.path);
    assert.ok((await unpacked(output)).equals(text), 'another text');
    const { success, bytes, contentBytes, sha256, contentSha256, retries } = said;
    assert.deepEqual([success, bytes, contentBytes], [true, undisturbed.length, text.length]);
    const digest = (of: Buffer): string => createHash('sha256').update(of).digest('hex');
    assert.deepEqual([sha256, contentSha256, retries], [digest(undisturbed), digest(text), 0]);
    const again = stage.start(args);
    assert.equal(await again.ended, 0, again.stderr);
    assert.equal((JSON.parse(again.stdout) as { alreadyDone?: boolean }).alreadyDone, true);
    // another job for the file that stands there
    const other = stage.start([...args, '--level', '3']);
    assert.equal(await other.ended, 2, other.stderr);
    assert.match(other.stderr, /stands there already; --again replaces it/);
  });

  it('goes on after SIGKILL of its worker and over a pause, and makes the same bytes', async () => {
    const output = fileIn('killed');
    const { threadmill } = stage;
    const worker = await stage.worker();
    const { jobId } = await threadmill.startReframe(archive.path, { out: output, ...framing });
    const written = (count: number): Promise<unknown> =>
      until(`${count} frames`, async () => ((await threadmill.getJobProgress(jobId)).frames ?? 0) >= count);
    await until(
      'the temporary file',
      () => existsSync(path.dirname(output)) && worker.logged('Archive inspected').length > 0,
    );
    worker.slow();
    await written(2);
    await worker.kill();
    const next = await stage.worker();
    next.slow();
    const before = (await threadmill.getJobProgress(jobId)).frames ?? 0;
    await written(before + 1);
    await threadmill.pauseJob(jobId);
    await until('a pause', async () => (await threadmill.getJobProgress(jobId)).state === 'paused');
    next.thaw();
    assert.equal(existsSync(output), false);
    await threadmill.cancelJob(jobId);
    await until('its end', async () => (await threadmill.describeJob(jobId)).closedMs !== null);
    const closed = await threadmill.getJobProgress(jobId);
    assert.deepEqual([closed.state, (closed.frames ?? 0) > before], ['cancelled', true]);
    await threadmill.resumeJob(jobId);
    const result = await threadmill.waitForReframe(jobId);
    assert.ok(result.retries >= 1, `${result.retries} retries`);
    assert.ok(readFileSync(output).equals(undisturbed), 'other bytes');
    assert.equal(result.sha256, createHash('sha256').update(undisturbed).digest('hex'));
    const [listed] = (await threadmill.listJobs()).filter((job) => job.jobId === jobId);
    assert.equal(listed?.status, 'completed');
  });
});
