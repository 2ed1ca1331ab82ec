/** The server's database is gone: the same command finds what was finished, by the parts themselves, and makes the rest. */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findTemporal } from '../../src/server/binary.ts';
import { isAlive, terminate } from '../../src/server/host.ts';
import { readServerFile } from '../../src/server/server-file.ts';
import { archiveOf, manyFrames, oneFrame, type Archive } from './archives.ts';
import {
  assertUntouched,
  assertWhole,
  essenceOf,
  partIdentities,
  partsIn,
  type Essence,
} from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, committed, slowMs } from './stage.ts';

describe('a job that the server has forgotten', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let env: Readonly<Record<string, string>>;
  before(async () => {
    stage = await Stage.open();
    env = { TEMPORAL_CLI: await findTemporal() };
    await stage.worker();
  });
  after(() => stage.end());

  function run(archive: Archive, out: string, ...args: readonly string[]): Program {
    const fixed = ['--part-mib', '2', '--threads', '1', '--no-preserve-threads', '--log-level', 'info'];
    return stage.start(['run', archive.path, '--json', '--out', out, ...fixed, ...args], env);
  }

  async function finishes(program: Program): Promise<void> {
    assert.equal(await program.ended, 0, program.stderr);
  }

  /** Ends the embedded server of runs in the stage's folder, and all that it knew. */
  async function forget(): Promise<void> {
    const data = path.join(stage.folder, 'data');
    const left = readServerFile(path.join(data, 'checkpoints'));
    for (const pid of [left?.supervisorPid, left?.temporalPid ?? undefined])
      if (pid !== undefined && isAlive(pid)) await terminate(pid, 5_000);
    rmSync(data, { recursive: true, force: true });
  }

  /** A run that is killed, with its server and its database, when so many parts stand there. */
  async function halfDone(
    archive: Archive,
    out: string,
    parts: number,
    ...args: readonly string[]
  ): Promise<ReadonlyMap<string, string>> {
    const dataset = path.join(out, archive.name);
    const program = run(archive, out, ...args);
    await committed(dataset, parts);
    program.freeze();
    const standing = partIdentities(dataset);
    await program.kill();
    await forget();
    return standing;
  }

  const foundParts = (program: Program): number =>
    program.logged('Parts stand there already').reduce((sum, { parts }) => sum + Number(parts), 0);

  async function undisturbed(archive: Archive): Promise<Essence> {
    const { jobId, dataset } = await stage.job(archive);
    await stage.threadmill.waitForJob(jobId);
    return essenceOf(dataset);
  }

  for (const [what, spec, parts] of [
    ['one frame', oneFrame, 17],
    ['many frames', manyFrames, 40],
  ] as const)
    it(`of ${what} goes on behind the parts that stand there, to the same bytes`, async () => {
      const archive = await archiveOf(spec);
      const out = stage.freshOut();
      const dataset = path.join(out, archive.name);
      const standing = await halfDone(archive, out, parts);
      const again = run(archive, out);
      await finishes(again);
      assert.equal(foundParts(again), standing.size, 'not all that stood there was found');
      assertUntouched(standing, dataset);
      await assertWhole(dataset, archive);
      assert.deepEqual(await essenceOf(dataset), await undisturbed(archive));
    });

  it('makes again what was damaged, of other settings or never sealed, and takes over what comes before it', async () => {
    const archive = await archiveOf(oneFrame);
    const out = stage.freshOut();
    const dataset = path.join(out, archive.name);
    await halfDone(archive, out, 15);
    const [third = '', fourth = ''] = partsIn(dataset).slice(3);
    const bytes = readFileSync(path.join(dataset, third));
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    writeFileSync(path.join(dataset, third), bytes);
    appendFileSync(path.join(dataset, fourth), 'x');
    const again = run(archive, out);
    await finishes(again);
    assert.equal(foundParts(again), 3);
    const essence = await undisturbed(archive);
    assert.deepEqual(await essenceOf(dataset), essence);

    // another request for the folder is another job, for which nothing there is of use
    const strange = stage.freshOut();
    await halfDone(archive, strange, 10, '--quality-min-score=0');
    const other = run(archive, strange);
    await finishes(other);
    assert.equal(foundParts(other), 0);
    assert.deepEqual(await essenceOf(path.join(strange, archive.name)), essence);
  });

  it('that was done is shown from its dataset; with --again nothing that stands there is taken over', async () => {
    const archive = await archiveOf(oneFrame);
    const out = stage.freshOut();
    const dataset = path.join(out, archive.name);
    await finishes(run(archive, out));
    const essence = await essenceOf(dataset);
    await forget();
    const shown = run(archive, out);
    await finishes(shown);
    assert.equal((JSON.parse(shown.stdout) as { alreadyDone?: boolean }).alreadyDone, true);
    const anew = run(archive, out, '--again');
    await finishes(anew);
    assert.equal(foundParts(anew), 0);
    assert.deepEqual(await essenceOf(dataset), essence);
    // all parts, and nothing else: only the manifest has to be made
    await forget();
    rmSync(path.join(dataset, 'manifest.json'));
    const last = run(archive, out);
    await finishes(last);
    assert.equal(foundParts(last), essence.manifest.parts.length);
    assert.deepEqual(await essenceOf(dataset), essence);
    assert.equal(readdirSync(dataset).length, essence.manifest.parts.length + 1);
  });
});
