import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JobSettings } from '../../src/contract/job.ts';
import { connectThreadmill, type ConnectedThreadmill } from '../../src/index.ts';
import { resolveSettings } from '../../src/settings.ts';
import { manyFrames, ownArchive, shortComments, type ArchiveSpec } from './archives.ts';
import { assertUntouched, assertWhole, partIdentities } from './datasets.ts';
import type { Program } from './program.ts';
import { committed, eventsOf, Stage, slowMs } from './stage.ts';
import { until } from './until.ts';

const MiB = 2 ** 20;
const newKey = (): string => randomBytes(32).toString('base64');
/** In every path of these tests, and in the lines of one archive. */
const marker = 'private-matter';

/** All that a text says, also in base64, in which payloads are shown. */
function unfolded(text: string): string {
  const decoded = [...text.matchAll(/[A-Za-z0-9+/]{16,}={0,2}/g)].map(([each]) =>
    Buffer.from(each, 'base64').toString('latin1'),
  );
  return [text, ...decoded].join('\n');
}

describe('jobs whose payloads are encrypted', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let mine: string;
  const workers: Program[] = [];
  const connections: ConnectedThreadmill[] = [];
  before(async () => {
    stage = await Stage.open();
  });
  after(async () => {
    for (const connected of connections) await connected.close();
    await stage.end();
  });
  beforeEach(() => (mine = newKey()));
  // one that a failed test leaves would work on the next one's jobs, with another key
  afterEach(() => Promise.all(workers.splice(0).map((program) => program.kill())));

  const archive = (spec: ArchiveSpec) => ownArchive(spec, stage.freshFolder(marker));
  const envOf = (key: string | null): Record<string, string> =>
    key === null ? {} : { THREADMILL_PAYLOAD_KEY: key };
  const client = async (key: string | null): Promise<ConnectedThreadmill> => {
    const flags = { address: stage.server.address };
    const { values } = resolveSettings({ env: envOf(key), cwd: stage.folder, flags });
    const connected = await connectThreadmill({ values });
    connections.push(connected);
    return connected;
  };
  const worker = async (key: string | null): Promise<Program> => {
    const args = [
      'worker',
      '--json',
      '--log-level',
      'debug',
      '--threads',
      '1',
      '--address',
      stage.server.address,
    ];
    const program = stage.start(args, envOf(key));
    workers.push(program);
    await program.firstLine();
    return program;
  };
  const command = async (key: string | null, ...args: readonly string[]): Promise<Program> => {
    const program = stage.start([...args, '--address', stage.server.address], envOf(key));
    await program.ended;
    return program;
  };
  const small: Partial<JobSettings> = { preserveThreads: false, partBytes: 2 * MiB };
  /** What Temporal keeps of a job, as its own command shows it. */
  const kept = async (jobId: string): Promise<string> => {
    const texts = [
      await stage.temporal('workflow', 'show', '--workflow-id', jobId, '--output', 'json'),
      await stage.temporal('workflow', 'describe', '--workflow-id', jobId, '--output', 'json'),
      await stage.temporal('workflow', 'list', '--output', 'json'),
    ];
    return unfolded(texts.join('\n'));
  };

  it('go through client, worker, heartbeats, queries, updates and continue-as-new, and nothing of them is legible', async () => {
    const source = await archive(manyFrames);
    const threadmill = await client(mine);
    const program = await worker(mine);
    const out = path.join(stage.freshOut(), marker);
    const settings = { ...small, maxCheckpointsPerJob: 1 };
    const { jobId, dataset } = await threadmill.startJob(source.path, settings, { out });
    program.slow();
    await committed(dataset, 2);
    const progress = await until('a heartbeat', async () => {
      const now = await threadmill.getJobProgress(jobId);
      return now.parts > 0 ? now : null;
    });
    assert.equal(progress.archive, source.path);
    assert.equal(await threadmill.setBatchSize(jobId, 700), 700);
    assert.ok(!(await kept(jobId)).includes(marker), 'while it runs');
    const first = await stage
      .handle(jobId)
      .describe()
      .catch((error: unknown) => error);
    assert.match(String(first), /encrypted under payload key .* here is none/);
    program.thaw();
    const result = await threadmill.waitForJob(jobId);
    assert.deepEqual([result.archive, result.dataset], [source.path, dataset]);
    await assertWhole(dataset, source);
    const shown = await kept(jobId);
    assert.match(shown, /binary\/encrypted/);
    assert.ok(!shown.includes(marker), 'when it is done');
    assert.equal((await threadmill.describeJob(jobId)).archive, source.path);
    await program.stop();
  });

  it('that fail keep their reason, with lines of the archive in it, for those who have the key', async () => {
    const file = path.join(stage.freshFolder(marker), 'RC_2023-01.jsonl');
    const good = JSON.stringify({
      id: 'a',
      link_id: 't3_a',
      body: 'b',
      created_utc: 1_672_531_200,
      author: 'x',
    });
    writeFileSync(file, `${good}\n`.repeat(100) + `{"${marker}": \n`.repeat(50));
    const program = await worker(mine);
    const run = await command(mine, 'start', file, '--out', stage.freshOut(), '--json');
    const { jobId } = JSON.parse(run.stdout) as { readonly jobId: string };
    const watch = await command(mine, 'watch', jobId, '--json');
    assert.equal(await watch.ended, 1);
    assert.match(watch.stderr, new RegExp(`TOO_MANY_REJECTS.*50 rejected of 150 lines[^]*${marker}`));
    const shown = await kept(jobId);
    assert.match(shown, /Encoded failure/);
    assert.match(shown, /TOO_MANY_REJECTS/, 'the type stays plain');
    assert.ok(!shown.includes(marker));
    await program.stop();
  });

  it('are told to be unreadable, exit code 2, to whoever has no key or another, and listed among the others', async () => {
    const source = await archive(shortComments);
    const program = await worker(mine);
    const threadmill = await client(mine);
    const { jobId } = await threadmill.startJob(source.path, small, { out: stage.freshOut() });
    await threadmill.waitForJob(jobId);
    for (const [key, here] of [
      [null, 'none'],
      [newKey(), 'only'],
    ] as const) {
      for (const name of ['status', 'result', 'watch']) {
        const asked = await command(key, name, jobId, '--json');
        assert.equal(await asked.ended, 2, asked.stderr);
        assert.match(
          asked.stderr,
          new RegExp(`PAYLOAD_UNREADABLE.*is encrypted under payload key .* here is ${here}`),
        );
        assert.ok(!asked.stderr.includes(mine) && !asked.stderr.includes(key ?? mine));
      }
      const listed = await command(key, 'list', '--json');
      assert.equal(await listed.ended, 0, listed.stderr);
      assert.match(listed.stdout, new RegExp(jobId));
    }
    await program.stop();
  });

  it('that are new end at once with PAYLOAD_UNREADABLE on a worker without the key, and go on with one that has it', async () => {
    const source = await archive(shortComments);
    const threadmill = await client(mine);
    for (const key of [null, newKey()]) {
      const out = stage.freshOut();
      const wrong = await worker(key);
      const { jobId, dataset } = await threadmill.startJob(source.path, small, { out });
      await assert.rejects(threadmill.waitForJob(jobId), { code: 'PAYLOAD_UNREADABLE' });
      await wrong.stop();
      const right = await worker(mine);
      const resumed = await threadmill.resumeJob(jobId);
      assert.equal(resumed.dataset, dataset);
      await assertWhole(dataset, source);
      await right.stop();
    }
  });

  it('that have begun wait, in words, while only a worker without the key is there, and lose nothing', async () => {
    const source = await archive(manyFrames);
    const threadmill = await client(mine);
    const right = await worker(mine);
    const { jobId, dataset } = await threadmill.startJob(source.path, small, { out: stage.freshOut() });
    right.slow();
    await committed(dataset, 2);
    await right.kill();
    const parts = partIdentities(dataset);
    const wrong = await worker(newKey());
    const warned = (pattern: RegExp): Promise<unknown> =>
      until(
        `a warning ${String(pattern)}`,
        async () => pattern.test((await threadmill.getJobProgress(jobId)).warnings.join()),
        60_000,
      );
    await warned(/The last attempt ended with PAYLOAD_UNREADABLE, and is repeated/);
    // something to decide, which it can't
    await threadmill.unpauseJob(jobId);
    await warned(/No worker can go on with the job .* attempts at its workflow task failed/);
    assert.match(wrong.stderr, /encrypted under payload key/);
    assert.equal((await threadmill.describeJob(jobId)).status, 'running');
    await wrong.stop();
    const again = await worker(mine);
    await threadmill.waitForJob(jobId);
    assertUntouched(parts, dataset);
    await assertWhole(dataset, source);
    await again.stop();
  });

  it("are not harmed by a signal or an update under a stranger's key", async () => {
    const source = await archive(manyFrames);
    const threadmill = await client(mine);
    const stranger = await client(newKey());
    const program = await worker(mine);
    const { jobId, dataset } = await threadmill.startJob(source.path, small, { out: stage.freshOut() });
    program.slow();
    await committed(dataset, 1);
    await stranger.client.workflow.getHandle(jobId).signal('setBatchSize', 300);
    await assert.rejects(stranger.setBatchSize(jobId, 300));
    await until('the ignored signal', () => program.stderr.includes('Signal ignored'));
    await until('progress', async () => (await threadmill.getJobProgress(jobId)).parts > 0);
    program.thaw();
    await threadmill.waitForJob(jobId);
    await assertWhole(dataset, source);
    assert.notEqual((await threadmill.getJobProgress(jobId)).batchSize, 300);
    await program.stop();
  });

  it('go on under a new key where the old one is still known', async () => {
    const source = await archive(manyFrames);
    const before = await client(mine);
    const first = await worker(mine);
    const { jobId, dataset } = await before.startJob(source.path, small, { out: stage.freshOut() });
    first.slow();
    await committed(dataset, 2);
    await first.kill();
    const both = `${newKey()},${mine}`;
    const after = await client(both);
    const second = await worker(both);
    const result = await after.waitForJob(jobId);
    assert.equal(result.dataset, dataset);
    await assertWhole(dataset, source);
    const ids = new Set(
      JSON.stringify(await eventsOf(stage.handle(jobId))).match(/"encryption-key-id":"[^"]+"/g),
    );
    assert.equal(ids.size, 2, 'payloads under both keys');
    await second.stop();
  });
});
