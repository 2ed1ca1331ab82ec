import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { cleanUp } from '../../src/activities/clean-up.ts';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';

describe('cleanUp()', () => {
  it('passes over a folder that it can not read, and cleans the others', async () => {
    const out = await mkdtemp(path.join(tmpdir(), 'threadmill-clean-'));
    try {
      const unreadable = path.join(out, 'loop');
      await symlink(unreadable, unreadable);
      const dataset = path.join(out, 'RC_2005-12');
      await mkdir(dataset);
      const left = path.join(dataset, 'part-00000.parquet.0123abcd.tmp');
      await writeFile(left, 'left behind');
      await utimes(left, 1, 1);
      const list = (): Iterable<object> => [{ memo: { dataset: unreadable } }, { memo: { dataset } }];
      // the part of the dependencies that it uses
      const deps = { out: path.join(out, 'none'), confine: null, client: { workflow: { list } } };
      const warnings: string[] = [];
      const context = {
        info: { attempt: 1 },
        heartbeat: () => undefined,
        cancellationSignal: new AbortController().signal,
        log: { info: () => undefined, warn: (message: string) => warnings.push(message) },
      };
      const result = await asyncLocalStorage.run(context as unknown as Context, () =>
        cleanUp(deps as unknown as ActivityDependencies),
      );
      assert.deepEqual(result, { folders: 2, removed: 1 });
      assert.deepEqual(await readdir(dataset), []);
      assert.match(warnings.join(), /Passed over .*loop/);

      // a memo says whatever somebody wrote into it
      await writeFile(left, 'left behind');
      await utimes(left, 1, 1);
      const confined = { ...deps, confine: path.join(out, 'none') };
      const kept = await asyncLocalStorage.run(context as unknown as Context, () =>
        cleanUp(confined as unknown as ActivityDependencies),
      );
      assert.deepEqual(kept, { folders: 2, removed: 0 });
      assert.deepEqual(await readdir(dataset), [path.basename(left)]);
    } finally {
      await rm(out, { recursive: true });
    }
  });
});
