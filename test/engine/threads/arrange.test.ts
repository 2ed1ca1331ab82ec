import assert from 'node:assert/strict';
import { arrange, type Arrangement } from '../../../src/engine/threads/arrange.ts';
import { parentIs, type KeyTable } from '../../../src/engine/threads/key-table.ts';
import { tableOf, type KeyRow } from './key-scene.ts';

/** A row as text: indented by depth, `+` where excluded, `?` where its parent is missing, `>` where a thread begins. */
function drawn(rows: readonly KeyRow[], { joined = false } = {}): readonly string[] {
  return draw(tableOf(rows), joined).drawing;
}

function draw(
  keys: KeyTable,
  joined = false,
): { readonly drawing: readonly string[]; readonly made: Arrangement } {
  const made = arrange(keys, { joined });
  const drawing = Array.from({ length: made.count }, (_, at) => {
    const row = made.row[at] as number;
    const comment = keys.comment[row] as number;
    const [index, entry] = comment < 0 ? [keys.links, keys.thread[row] as number] : [keys.comments, comment];
    const id = Buffer.from(index.bytes.subarray(index.start(entry), index.end(entry))).toString();
    const marks = `${keys.kept[row] === 1 ? '' : '+'}${made.parentMissing[at] === 1 ? '?' : ''}`;
    return `${made.begins[at] === 1 ? '>' : ' '}${'.'.repeat((made.depth[at] as number) + 1)}${id}${marks}`;
  });
  return { drawing, made };
}

const counts = (rows: readonly KeyRow[], joined = false): Arrangement['counts'] =>
  draw(tableOf(rows), joined).made.counts;

const top = { parent: 'thread' };

describe('arrange()', () => {
  it('gives nothing of nothing', () => {
    assert.deepEqual(counts([]), {
      threads: 0, rows: 0, tombstones: 0, orphans: 0, duplicates: 0, cycles: 0, maxDepth: 0,
    }); // prettier-ignore
  });

  it('puts parents before children, siblings by time, then id, and each with all below it', () => {
    const rows = [
      { id: 'f', parent: 't1_b', seconds: 9 },
      { id: 'd', parent: 't1_a', seconds: 5 },
      { id: 'c', parent: 't1_a', seconds: 5 },
      { id: 'b', ...top, seconds: 1 },
      { id: 'a', ...top, seconds: 1 },
      { id: 'e', parent: 't1_d', seconds: 2 },
      { id: 'g', ...top, seconds: 0 },
    ];
    assert.deepEqual(drawn(rows), ['>.g', ' .a', ' ..c', ' ..d', ' ...e', ' .b', ' ..f']);
  });

  it('sorts threads by their link_id as bytes, whatever the order of their lines', () => {
    const links = ['t3_b', 't3_\uffff', 't3_\u{10000}', 't3_a', 't3_', 't3_aa'];
    const rows = links.map((link, number) => ({ id: `${number}`, link, ...top, seconds: 10 - number }));
    assert.deepEqual(drawn(rows), ['>.4', '>.3', '>.5', '>.0', '>.1', '>.2']);
  });

  it('rule 2: the later line of an id takes the place of the earlier, whatever became of either', () => {
    const kept = { id: 'a', ...top };
    const excluded = { ...kept, excluded: true };
    const reply = { id: 'b', parent: 't1_a' };
    assert.deepEqual(drawn([kept, reply, excluded]), ['>.a+', ' ..b']);
    assert.deepEqual(drawn([excluded, reply, kept]), ['>.a', ' ..b']);
    assert.deepEqual(drawn([kept, excluded]), []);
    assert.deepEqual(drawn([{ ...kept, seconds: 1 }, reply, { id: 'a', parent: 't1_b' }]), ['>.a?', ' ..b']);
    // kept lines that lost their place
    assert.deepEqual(
      [
        [kept, kept, kept],
        [kept, excluded],
        [excluded, kept],
        [kept, excluded, kept],
      ].map((rows) => counts(rows).duplicates),
      [2, 1, 0, 1],
    );
  });

  it('rule 2: within a thread; the same id in another is another comment', () => {
    const rows = [
      { id: 'a', ...top },
      { id: 'a', link: 't3_b', ...top },
      { id: 'b', link: 't3_b', parent: 't1_a' },
    ];
    assert.deepEqual(drawn(rows), ['>.a', '>.a', ' ..b']);
    assert.equal(counts(rows).duplicates, 0);
  });

  it('rule 3: a parent in another thread, in another form or not there is missing; so is none', () => {
    const rows = [
      { id: 'a', link: 't3_b', ...top },
      { id: 'b', parent: 't1_a' },
      { id: 'c', parent: 't3_b' },
      { id: 'd', parent: 'b' },
      { id: 'e', parent: 't1_' },
      { id: 'f', parent: '' },
      { id: 'g' },
      { id: 'h', parent: 't1_g' },
    ];
    const { drawing, made } = draw(tableOf(rows));
    assert.deepEqual(drawing, ['>.b?', ' .c?', ' .d?', ' .e?', ' .f?', ' .g?', ' ..h', '>.a']);
    assert.equal(made.counts.orphans, 6);
    // of these only one is a comment's name
    assert.deepEqual([...made.threads.commentsMissing].sort(), [0, 1]);
  });

  it('rule 3: ids are compared as bytes', () => {
    const rows = [
      { id: 'é', ...top },
      { id: 'b', parent: 't1_e\u0301' },
      { id: 'A', ...top },
      { id: 'c', parent: 't1_a' },
    ];
    assert.deepEqual(drawn(rows), ['>.A', ' .b?', ' .c?', ' .é']);
  });

  it('rule 4: an excluded comment stays where a kept one stands below it, at whatever distance', () => {
    const rows = [
      { id: 'a', ...top, excluded: true },
      { id: 'b', parent: 't1_a', excluded: true },
      { id: 'c', parent: 't1_b', excluded: true },
      { id: 'd', parent: 't1_c' },
      { id: 'e', parent: 't1_d', excluded: true },
      { id: 'f', parent: 't1_a', excluded: true },
      { id: 'g', link: 't3_b', ...top, excluded: true },
      { id: 'h', link: 't3_b', parent: 't1_g', excluded: true },
    ];
    const { drawing, made } = draw(tableOf(rows));
    assert.deepEqual(drawing, ['>.a+', ' ..b+', ' ...c+', ' ....d']);
    assert.deepEqual(made.counts, {
      threads: 1, rows: 4, tombstones: 3, orphans: 0, duplicates: 0, cycles: 0, maxDepth: 3,
    }); // prettier-ignore
    assert.deepEqual([...made.threads.commentsExcluded], [5, 2]);
  });

  it('rule 5: cuts a cycle at its earliest, by time, then id; what hangs on it stays', () => {
    const cycle = (seconds: readonly number[]): KeyRow[] => [
      { id: 'c', parent: 't1_b', seconds: seconds[2] ?? 0 },
      { id: 'a', parent: 't1_c', seconds: seconds[0] ?? 0 },
      { id: 'b', parent: 't1_a', seconds: seconds[1] ?? 0 },
      { id: 'd', parent: 't1_b', seconds: 100 },
    ];
    assert.deepEqual(drawn(cycle([5, 5, 5])), ['>.a?', ' ..b', ' ...c', ' ...d']);
    assert.deepEqual(drawn(cycle([5, 4, 6])), ['>.b?', ' ..c', ' ...a', ' ..d']);
    assert.deepEqual(drawn(cycle([5, 4, 3])), ['>.c?', ' ..a', ' ...b', ' ....d']);
    assert.equal(counts(cycle([5, 4, 3])).cycles, 1);
  });

  it('rule 5: one that is its own parent, two that are each other’s, several in one thread', () => {
    const rows = [
      { id: 'a', parent: 't1_a', seconds: 3 },
      { id: 'b', parent: 't1_c', seconds: 1 },
      { id: 'c', parent: 't1_b', seconds: 2 },
      { id: 'd', parent: 't1_c', seconds: 0 },
    ];
    assert.deepEqual(drawn(rows), ['>.b?', ' ..c', ' ...d', ' .a?']);
    assert.equal(counts(rows).cycles, 2);
    assert.equal(counts(rows).orphans, 2);
  });

  it('rule 5: a cycle of excluded comments stays where a kept one stands below it, else it is nothing', () => {
    const rows = [
      { id: 'a', parent: 't1_b', excluded: true },
      { id: 'b', parent: 't1_a', excluded: true },
    ];
    assert.deepEqual(counts(rows).cycles, 0);
    assert.deepEqual(drawn(rows), []);
    // rule 4 comes first: before the cut the kept one stands below both
    assert.deepEqual(drawn([...rows, { id: 'c', parent: 't1_a' }]), ['>.a+?', ' ..b+', ' ..c']);
  });

  it('heads a thread with its submission; a thread without one misses it, where there are submissions', () => {
    const rows = [
      { id: 'x', ...top },
      { id: 'y', link: 't3_b', ...top },
      { id: 'z', link: 't3_b', parent: 't1_gone' },
      { id: 'a', submission: true, seconds: 50 },
      { id: 'c', submission: true },
    ];
    const { drawing, made } = draw(tableOf(rows), true);
    assert.deepEqual(drawing, ['>t3_a', ' .x', '>.y?', ' .z?', '>t3_c']);
    assert.deepEqual(made.counts, {
      threads: 3, rows: 5, tombstones: 0, orphans: 2, duplicates: 0, cycles: 0, maxDepth: 0,
    }); // prettier-ignore
    const comments = rows.filter(({ submission }) => submission !== true);
    assert.deepEqual(drawn(comments), ['>.x', '>.y', ' .z?']);
  });

  it('keeps an excluded submission where its thread has rows, and takes the last line of each', () => {
    const excluded = { id: 'a', submission: true, excluded: true };
    const kept = { id: 'a', submission: true };
    const comment = { id: 'x', ...top };
    const gone = { ...comment, excluded: true };
    assert.deepEqual(drawn([comment, excluded], { joined: true }), ['>t3_a+', ' .x']);
    assert.deepEqual(drawn([gone, excluded], { joined: true }), []);
    assert.deepEqual(drawn([gone, kept], { joined: true }), ['>t3_a']);
    assert.deepEqual(drawn([kept, excluded], { joined: true }), []);
    assert.equal(counts([kept, excluded, kept, kept], true).duplicates, 2);
  });

  it('keeps rows = kept - duplicates + tombstones', () => {
    const rows: readonly KeyRow[] = [
      { id: 'a', ...top },
      { id: 'a', ...top, excluded: true },
      { id: 'b', parent: 't1_a' },
      { id: 'b', parent: 't1_a' },
      { id: 'c', parent: 't1_b', excluded: true },
    ];
    const { rows: made, duplicates, tombstones } = counts(rows);
    assert.equal(made, rows.filter(({ excluded }) => excluded !== true).length - duplicates + tombstones);
  });

  it('walks 200,000 replies one below the other, and a cycle of as many', () => {
    const length = 200_000;
    const chain = Array.from({ length }, (_, number): KeyRow => {
      // latest first: nothing is in order
      const at = length - 1 - number;
      return {
        id: `${at}`,
        parent: at === 0 ? 'thread' : `t1_${at - 1}`,
        seconds: at,
        excluded: at % 3 === 0,
      };
    });
    const { made } = draw(tableOf(chain));
    assert.deepEqual([made.counts.rows, made.counts.maxDepth], [length, length - 1]);
    const ring = chain.map((row) => (row.id === '0' ? { ...row, parent: `t1_${length - 1}` } : row));
    const { made: cut } = draw(tableOf(ring));
    assert.deepEqual([cut.counts.cycles, cut.counts.rows, cut.counts.maxDepth], [1, length, length - 1]);
    assert.ok(cut.depth.every((depth, at) => depth === at));
  });
});

describe('KeyTable', () => {
  it('reads what was spilled: ids, threads, parents of every form, times', () => {
    const rows: readonly KeyRow[] = [
      { id: 'a', link: 't3_é', parent: 'thread', seconds: 1_600_000_000 },
      { id: 'é', link: 't3_é', parent: 't1_a', seconds: -5, excluded: true },
      { id: 'a'.repeat(5000), parent: 't1_gone', seconds: 8.64e12 },
      { id: 'x' },
      { id: 'y', parent: '' },
      { id: 'z', parent: 'odd' },
      { id: 'z', parent: '' },
    ];
    const keys = tableOf(rows);
    assert.equal(keys.rows, rows.length);
    const own = <T>(values: ArrayLike<T>): readonly T[] => Array.from(values).slice(0, keys.rows);
    assert.deepEqual(own(keys.comment), [0, 1, 2, 4, 5, 6, 6]);
    assert.deepEqual(own(keys.thread), [0, 0, 1, 1, 1, 1, 1]);
    const { thread, none, other } = parentIs;
    assert.deepEqual(own(keys.parent), [thread, 0, 3, none, other, other - 1, other]);
    assert.deepEqual(
      own(keys.created),
      rows.map(({ seconds = 0 }) => seconds * 1000),
    );
    assert.deepEqual(own(keys.kept), [1, 0, 1, 1, 1, 1, 1]);
    keys.clear();
    assert.deepEqual([keys.rows, keys.links.count, keys.comments.count, keys.others.count], [0, 0, 0, 0]);
  });
});
