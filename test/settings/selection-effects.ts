/** Test helper: one effect of each setting of a selection. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inFolder } from '../engine/dataset/scene.ts';
import type { base } from './records.ts';
import { lines, type Fields } from './records.ts';
import { millUnder, type Env } from './scene.ts';

/** A selection: of these records the first ones are kept, the second ones counted as not selected. */
async function assertSelection(
  env: Env,
  [selected, others]: readonly [readonly Fields[], readonly Fields[]],
): Promise<void> {
  await inFolder(async (folder) => {
    const archive = path.join(folder, 'a_comments.jsonl');
    const records = [
      ...selected.map((each) => ({ ...each, id: 'yes' })),
      ...others.map((each) => ({ ...each, id: 'no' })),
    ];
    await writeFile(archive, lines(...records));
    const { rows, counters } = await millUnder({ THREADMILL_FORMAT: 'jsonl', ...env }, archive);
    assert.deepEqual(
      rows.map((row) => (JSON.parse(row) as typeof base).id),
      selected.map(() => 'yes'),
    );
    assert.equal(counters.excluded['not-selected'], others.length);
  });
}

export const selectionEffects = {
  subreddit: () =>
    assertSelection({ THREADMILL_SUBREDDIT: 'r/Austin,dallas' }, [
      [{ subreddit: 'austin' }, { subreddit: 'DALLAS' }],
      [{ subreddit: 'austinfood' }, { subreddit: null }, {}],
    ]),
  subredditsFile: () =>
    inFolder(async (folder) => {
      const file = path.join(folder, 'names.txt');
      await writeFile(file, '# cities\n\nr/Austin\r\n  Dallas  \n');
      await assertSelection({ THREADMILL_SUBREDDITS_FILE: file, THREADMILL_SUBREDDIT: 'waco' }, [
        [{ subreddit: 'Austin' }, { subreddit: 'dallas' }, { subreddit: 'waco' }],
        [{ subreddit: 'cities' }, { subreddit: '' }],
      ]);
    }),
  author: () =>
    assertSelection({ THREADMILL_AUTHOR: 'u/Spez' }, [
      [{ author: 'spez' }],
      [{ author: 'spe' }, { author: 7 }],
    ]),
  authorsFile: () =>
    inFolder(async (folder) => {
      const file = path.join(folder, 'names.txt');
      await writeFile(file, Array.from({ length: 100_000 }, (_, index) => `user${index}`).join('\n'));
      await assertSelection({ THREADMILL_AUTHORS_FILE: file }, [
        [{ author: 'User0' }, { author: 'user99999' }],
        [{ author: 'user100000' }, { author: 'user' }],
      ]);
    }),
  after: () =>
    assertSelection({ THREADMILL_AFTER: '2020-09-13T12:26:40Z' }, [
      [{}, { created_utc: '1600000001' }],
      [{ created_utc: 1_599_999_999 }],
    ]),
  before: () =>
    assertSelection({ THREADMILL_BEFORE: '1600000000' }, [
      [{ created_utc: 1_599_999_999 }, { created_utc: '1500000000' }],
      [{}, { created_utc: 1_600_000_001 }],
    ]),
  thread: () =>
    assertSelection({ THREADMILL_THREAD: 'A,t3_c' }, [
      [{}, { link_id: 't3_c' }],
      [{ link_id: 't3_b' }, { link_id: 'a' }],
    ]),
  keyword: () =>
    assertSelection({ THREADMILL_KEYWORD: 'bbq,"yes, we can"' }, [
      [{ body: 'BBQ!' }, { body: 'Yes,  we\ncan' }],
      [{ body: 'bbqs' }, { body: 'yes we can' }, { author: 'bbq' }],
    ]),
  regex: () =>
    assertSelection({ THREADMILL_REGEX: '^b.q$' }, [
      [{ body: 'bbq' }, { body: 'bäq' }],
      [{ body: 'BBQ' }, { body: 'bbq ' }],
    ]),
  minScore: () =>
    assertSelection({ THREADMILL_MIN_SCORE: '1' }, [
      [{}, { score: 2 }],
      [{ score: 0 }, { score: null }, { score: '5' }, { score: 1.5 }],
    ]),
  where: () =>
    assertSelection({ THREADMILL_WHERE: "score > 1 or author in ('x')" }, [
      [
        { score: 2, author: null },
        { author: 'x', score: null },
      ],
      [{}, { score: null }],
    ]),
} as const;
