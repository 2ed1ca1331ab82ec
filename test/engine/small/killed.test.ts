/** A process that makes small archives and is killed, again and again: each dataset is whole or not there, and in the end the same. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { generateArchive } from '../../../samples/generator/archive.ts';
import { claimName } from '../../../src/engine/dataset/names.ts';
import { verifyDataset } from '../../../src/engine/dataset/verify.ts';
import { inFolder } from '../dataset/scene.ts';
import { leftIn } from './scene.ts';

const archives = 8;
const kills = 3;

/** Runs the maker, and kills it as soon as `dies` says so; whether it came to its end. */
async function made(input: string, out: string, dies: () => Promise<boolean>): Promise<boolean> {
  const maker = path.join(import.meta.dirname, 'maker.ts');
  const child = spawn(process.execPath, [maker, input, out], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  while (!isOver() && !(await dies())) await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGKILL');
  const [code] = (await closed) as [number | null];
  return code === 0;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true }).catch(() => []);
  return found.filter((name) => name.includes(path.sep));
}

describe('a killed maker of small archives', function () {
  this.timeout(120_000);

  it('leaves each dataset whole or unfinished; whoever comes next ends with the same bytes and no leftovers', () =>
    inFolder(async (folder) => {
      const [input, calm, out] = ['in', 'calm', 'out'].map((name) => path.join(folder, name)) as [
        string,
        string,
        string,
      ];
      await mkdir(input);
      for (let at = 0; at < archives; at++) {
        const options = {
          kind: 'comments',
          era: '2015',
          bytes: 300_000 + 50_000 * at,
          seed: at,
          dirty: true,
        } as const;
        await generateArchive({ ...options, dirtyEvery: 400 }, path.join(input, `s${at}_comments.zst`));
      }
      assert.ok(await made(input, calm, () => Promise.resolve(false)));
      let whole = 0;
      for (let kill = 0; kill < kills; kill++) {
        // at any step of any archive: the more files were seen come and go, the later
        const before = await filesIn(out);
        let [seen, last] = [0, before.join()];
        const wanted = 3 + 16 * kill;
        await made(input, out, async () => {
          const now = (await filesIn(out)).join();
          if (now !== last) seen++;
          last = now;
          return seen >= wanted;
        });
        for (const name of await readdir(out)) {
          const files = await readdir(path.join(out, name));
          // with a claim beside its manifest it is whole, and its spills are still to be removed
          if (!files.includes('manifest.json') || files.includes(claimName)) continue;
          assert.deepEqual(
            (await verifyDataset(path.join(out, name))).problems,
            [],
            `${name} after kill ${kill}`,
          );
          whole++;
        }
      }
      assert.ok(whole > 0, 'no dataset was finished before a kill');
      assert.ok(await made(input, out, () => Promise.resolve(false)));
      for (const name of await filesIn(out)) {
        // half a claim may be that of a job which is about to be refused: clean-up removes it when it is old
        if (path.basename(name).startsWith(`${claimName}.`)) await rm(path.join(out, name));
      }
      assert.deepEqual(await leftIn(out), await leftIn(calm));
    }));
});
