/** Selections and columns where rows are arranged in threads. */
import assert from 'node:assert/strict';
import { assembled, type Choice, type Json } from './assemble.ts';

const comment = (id: string, parent: string, more: Json = {}): Json => ({
  id,
  link_id: 't3_a',
  parent_id: parent,
  created_utc: 1_600_000_000 + id.charCodeAt(0),
  subreddit: 'Austin',
  author: 'x',
  body: `text of ${id}`,
  score: 1,
  ups: 7,
  ...more,
});

/** A line of answers a-b-c-d, another answer e to a, and a thread of another subreddit. */
const comments: readonly Json[] = [
  comment('a', 't3_a'),
  comment('b', 't1_a', { author: 'Spez' }),
  comment('c', 't1_b', { body: '[deleted]' }),
  comment('d', 't1_c', { author: 'spez' }),
  comment('e', 't1_a'),
  comment('f', 't3_b', { link_id: 't3_b', subreddit: 'dallas', author: 'spez', body: '[removed]' }),
  comment('g', 't1_f', { link_id: 't3_b', subreddit: 'dallas', author: 'spez' }),
];

async function csv(choice: Omit<Choice, 'format'>): Promise<readonly string[]> {
  return (await assembled({ comments }, { format: 'csv', ...choice })).text.split('\n').slice(0, -1);
}

const columns = ['id', 'author', 'body'];
const header = 'id,author,body,depth,parent_missing,tombstone';

describe('threads of a selection', () => {
  it('hold what was not selected as tombstones without text, where something selected stands below', async () => {
    assert.deepEqual(await csv({ columns, selection: { author: ['spez'] } }), [
      header,
      'a,x,,0,false,true',
      'b,Spez,text of b,1,false,false',
      'c,x,,2,false,true',
      'd,spez,text of d,3,false,false',
      'f,spez,,0,false,true',
      'g,spez,text of g,1,false,false',
    ]);
  });

  it('have no rows of threads and subreddits that are not asked for, not even tombstones', async () => {
    for (const selection of [{ subreddit: ['austin'] }, { thread: ['a'] }]) {
      assert.deepEqual(await csv({ columns: ['id'], selection }), [
        'id,depth,parent_missing,tombstone',
        'a,0,false,false',
        'b,1,false,false',
        'c,2,false,true',
        'd,3,false,false',
        'e,1,false,false',
      ]);
      const { entry } = await assembled({ comments }, { format: 'csv', selection });
      assert.deepEqual([entry.threads, entry.rows, entry.tombstones], [1, 5, 1]);
    }
  });

  it('write the columns that are wanted in every format of rows, without what a tombstone withholds', async () => {
    const selection = { author: ['spez'], thread: ['a'] };
    const choice = { columns: ['id', 'created_utc'], extra: true, selection };
    assert.deepEqual((await csv(choice)).slice(0, 3), [
      'id,created_utc,depth,parent_missing,tombstone,extra',
      'a,2020-09-13T12:28:17Z,0,false,true,',
      'b,2020-09-13T12:28:18Z,1,false,false,"{""ups"":7}"',
    ]);
    const { text } = await assembled({ comments }, { format: 'jsonl', ...choice });
    assert.deepEqual(
      text
        .split('\n')
        .slice(0, 2)
        .map((line) => JSON.parse(line) as unknown),
      [
        {
          id: 'a',
          created_utc: '2020-09-13T12:28:17Z',
          depth: 0,
          parent_missing: false,
          tombstone: true,
          extra: null,
        },
        {
          id: 'b',
          created_utc: '2020-09-13T12:28:18Z',
          depth: 1,
          parent_missing: false,
          tombstone: false,
          extra: '{"ups":7}',
        },
      ],
    );
    const lines = await assembled({ comments }, { format: 'jsonl', selection });
    assert.match(lines.text, /"id":"b".*"ups":7,"depth":1/);
  });

  it('select submissions by the same rules, and join their titles where they are wanted', async () => {
    const submissions = [
      {
        id: 'a',
        title: 'Tacos',
        created_utc: 1_600_000_000,
        author: 'spez',
        subreddit: 'austin',
        selftext: 'x',
      },
      {
        id: 'b',
        title: 'Other',
        created_utc: 1_600_000_000,
        author: 'y',
        subreddit: 'dallas',
        selftext: 'y',
      },
    ];
    const { text } = await assembled(
      { comments, submissions },
      { format: 'csv', columns: ['id', 'title'], selection: { author: ['spez'] } },
    );
    assert.deepEqual(text.split('\n').slice(0, -1), [
      'id,title,depth,parent_missing,tombstone',
      'a,Tacos,-1,false,false',
      'a,,0,false,true',
      'b,,1,false,false',
      'c,,2,false,true',
      'd,,3,false,false',
      'b,Other,-1,false,true',
      'f,,0,false,true',
      'g,,1,false,false',
    ]);
  });
});
