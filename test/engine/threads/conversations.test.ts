import assert from 'node:assert/strict';
import { assembled, type Json } from './assemble.ts';

const at = 1_600_000_000;

function comment(id: string, parent: string, more: Json = {}): Json {
  const record = { id, link_id: 't3_s', parent_id: parent, body: `text ${id}`, author: `by ${id}`, score: 1 };
  return { ...record, subreddit: 'food', created_utc: at, ...more };
}

const submission: Json = { id: 's', title: 'A "title"', selftext: 'ask', author: 'op', score: 9 };
const submissions: readonly Json[] = [{ ...submission, subreddit: 'food', created_utc: at - 10 }];
const comments: readonly Json[] = [
  comment('a', 't3_s'),
  comment('b', 't1_a', { author: 'op' }),
  comment('c', 't1_b', { author: 'op' }),
  comment('d', 't1_a', { body: '[removed]' }),
  comment('e', 't1_d', { created_utc: at + 5 }),
  comment('f', 't1_gone', { created_utc: at + 9 }),
];

async function lines(
  records: Parameters<typeof assembled>[0],
  paths: boolean,
): Promise<readonly Record<string, unknown>[]> {
  const { text } = await assembled(records, { format: 'conversations', paths });
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('format conversations', () => {
  it('is a thread a line: the submission, and its replies nested, tombstones without text and orphans marked', async () => {
    const [thread, ...others] = await lines({ comments, submissions }, false);
    assert.deepEqual(others, []);
    const turn = (id: string, more: Json, replies: readonly Json[] = []): Json => ({
      id,
      author: `by ${id}`,
      created_utc: at,
      score: 1,
      text: `text ${id}`,
      ...more,
      replies,
    });
    assert.deepEqual(thread, {
      thread: 't3_s',
      subreddit: 'food',
      title: 'A "title"',
      author: 'op',
      created_utc: at - 10,
      score: 9,
      text: 'ask',
      replies: [
        turn('a', {}, [
          turn('b', { author: 'op' }, [turn('c', { author: 'op' })]),
          turn('d', { text: null, tombstone: true }, [turn('e', { created_utc: at + 5 })]),
        ]),
        turn('f', { created_utc: at + 9, parent_missing: true }),
      ],
    });
  });

  it('has nulls for a submission that is not there, and the subreddit of the comments', async () => {
    const [thread] = await lines({ comments: [comment('a', 't3_s')] }, false);
    const { replies, ...head } = thread ?? {};
    const nothing = { title: null, author: null, created_utc: null, score: null, text: null };
    assert.deepEqual(head, { thread: 't3_s', subreddit: 'food', ...nothing });
    assert.equal((replies as readonly unknown[]).length, 1);
  });

  it('is a line for each thread, in the order of their names', async () => {
    const others = ['t3_b', 't3_a'].map((link) => comment(`x${link}`, link, { link_id: link }));
    const found = await lines({ comments: [...others, ...comments] }, false);
    assert.deepEqual(
      found.map(({ thread }) => thread),
      ['t3_a', 't3_b', 't3_s'],
    );
  });

  it('with paths is a line for each way to a leaf, the role changing with the author', async () => {
    const found = await lines({ comments, submissions }, true);
    const told = found.map(({ messages, parent_missing, title }) => [
      parent_missing,
      title,
      ...(messages as readonly Record<string, unknown>[]).map(
        ({ role, id, content }) => `${String(role)} ${String(id)}: ${String(content)}`,
      ),
    ]);
    const head = 'user s: A "title"\n\nask';
    assert.deepEqual(told, [
      [false, 'A "title"', head, 'assistant a: text a', 'user b: text b', 'user c: text c'],
      [false, 'A "title"', head, 'assistant a: text a', 'user d: null', 'assistant e: text e'],
      [true, 'A "title"', 'user f: text f'],
    ]);
  });

  it('with paths shows a submission that nobody replied to, or only orphans', async () => {
    const alone = await lines({ comments: [], submissions }, true);
    assert.equal((alone[0]?.['messages'] as readonly unknown[]).length, 1);
    const orphaned = await lines({ comments: [comment('f', 't1_gone')], submissions }, true);
    assert.deepEqual(
      orphaned.map(({ messages }) => (messages as readonly { id: string }[]).map(({ id }) => id)),
      [['f'], ['s']],
    );
  });

  it('streams a thread of thousands of levels', async () => {
    const deep = Array.from({ length: 5000 }, (_, k) => comment(`c${k}`, k === 0 ? 't3_s' : `t1_c${k - 1}`));
    const { text, entry } = await assembled({ comments: deep }, { format: 'conversations' });
    assert.equal(entry.maxDepth, 4999);
    assert.equal(text.match(/"replies":\[/g)?.length, 5001);
    assert.match(text, /\]\}\n$/);
    const [path] = await lines({ comments: deep }, true);
    assert.equal((path?.['messages'] as readonly unknown[]).length, 5000);
  });
});
