/** Threads out of keys: who is a row, whose child it is, and in what order all stand. Pure. See docs/threads.md, "The rules". */
import type { ThreadCounts } from '../../contract/threads.ts';
import { parentIs, type KeyTable } from './key-table.ts';
import { valuesInOrder } from './values-in-order.ts';

/** Depth of a joined submission: one above a top-level comment. */
const submissionDepth = -1;

/** The rows in their order. Arrays by position hold `count` values; those by thread one for each of the table's links. */
export interface Arrangement {
  readonly count: number;
  /** By position: the row of the key table. */
  readonly row: Uint32Array;
  readonly depth: Int32Array;
  readonly parentMissing: Uint8Array;
  /** By position: 1 where a thread begins. */
  readonly begins: Uint8Array;
  readonly threads: ThreadFigures;
  readonly counts: ThreadCounts;
}

/** By thread. Times are milliseconds since 1970, NaN where there is no comment. */
export interface ThreadFigures {
  readonly commentsKept: Uint32Array;
  readonly commentsExcluded: Uint32Array;
  readonly commentsMissing: Uint32Array;
  /** -1 where the thread has no comment. */
  readonly maxDepth: Int32Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
}

const none = -1;

/**
 * Arranges the rows of a table. `joined`: submissions are among them, and a thread without one misses it. Linear but for
 * sorting rows that do not come in the order of time; some 40 bytes a row.
 */
export function arrange(keys: KeyTable, { joined }: { readonly joined: boolean }): Arrangement {
  return new Arranger(keys, joined).arrange();
}

class Arranger {
  private readonly keys: KeyTable;
  private readonly joined: boolean;
  /** By comment: the row that has its place, the last line of its id; `none` where it is only named. */
  private readonly latest: Int32Array;
  /** By thread: the row of its submission. */
  private readonly head: Int32Array;
  /** By row: 1 for what becomes a row of the dataset, 2 where its cycle was cut. */
  private readonly state: Uint8Array;
  private readonly firstChild: Int32Array;
  private readonly nextSibling: Int32Array;
  /** By thread: its first row beside the submission that has no parent among the rows. */
  private readonly firstRoot: Int32Array;
  private readonly figures: ThreadFigures;
  private duplicates = 0;
  private cycles = 0;

  constructor(keys: KeyTable, joined: boolean) {
    this.keys = keys;
    this.joined = joined;
    const { rows, links, comments } = keys;
    this.latest = new Int32Array(comments.count).fill(none);
    this.head = new Int32Array(links.count).fill(none);
    this.state = new Uint8Array(rows);
    this.firstChild = new Int32Array(rows).fill(none);
    this.nextSibling = new Int32Array(rows).fill(none);
    this.firstRoot = new Int32Array(links.count).fill(none);
    this.figures = {
      commentsKept: new Uint32Array(links.count),
      commentsExcluded: new Uint32Array(links.count),
      commentsMissing: new Uint32Array(links.count),
      maxDepth: new Int32Array(links.count).fill(-1),
      first: new Float64Array(links.count).fill(NaN),
      last: new Float64Array(links.count).fill(NaN),
    };
  }

  arrange(): Arrangement {
    this.findLatest();
    this.chooseRows();
    this.cutCycles();
    this.linkSiblings();
    return this.walk();
  }

  private findLatest(): void {
    const { keys, latest, head } = this;
    for (let row = 0; row < keys.rows; row++) {
      const comment = keys.comment[row] as number;
      const places = comment === none ? head : latest;
      const place = comment === none ? (keys.thread[row] as number) : comment;
      const before = places[place] as number;
      if (before !== none && keys.kept[before] === 1) this.duplicates++;
      places[place] = row;
    }
  }

  /** The kept rows, and every excluded one above them. */
  private chooseRows(): void {
    const { keys, latest, head, state, figures } = this;
    for (let comment = 0; comment < latest.length; comment++) {
      const row = latest[comment] as number;
      if (row === none) continue;
      const thread = keys.thread[row] as number;
      const counts = keys.kept[row] === 1 ? figures.commentsKept : figures.commentsExcluded;
      counts[thread] = (counts[thread] as number) + 1;
      if (keys.kept[row] !== 1) continue;
      for (let at = row; at !== none && state[at] === 0; at = this.parentRow(at)) state[at] = 1;
    }
    for (let thread = 0; thread < head.length; thread++) {
      const row = head[thread] as number;
      if (row !== none && (keys.kept[row] === 1 || (figures.commentsKept[thread] as number) > 0))
        state[row] = 1;
    }
  }

  /** The row of a comment's parent comment; `none` where the parent is another thing or missing. */
  private parentRow(row: number): number {
    const parent = this.keys.parent[row] as number;
    return parent < 0 ? none : (this.latest[parent] as number);
  }

  /** Follows each row upwards once; a row that is met again on the same way is part of a cycle. */
  private cutCycles(): void {
    const { keys, state } = this;
    const way = new Int32Array(keys.rows); // by row: the number of the way that met it first
    for (let row = 0; row < keys.rows; row++) {
      if (state[row] === 0 || way[row] !== 0) continue;
      let at = row;
      while (at !== none && way[at] === 0) {
        way[at] = row + 1;
        at = this.parentRow(at);
      }
      if (at === none || way[at] !== row + 1) continue;
      let earliest = at;
      for (let member = this.parentRow(at); member !== at; member = this.parentRow(member))
        if (this.compare(member, earliest) < 0) earliest = member;
      state[earliest] = 2;
      this.cycles++;
    }
  }

  /** By time, then id; no two rows of one thread that have a place are equal. */
  private compare(a: number, b: number): number {
    const { created, comment, comments } = this.keys;
    return (
      (created[a] as number) - (created[b] as number) ||
      comments.compare(comment[a] as number, comment[b] as number) ||
      a - b
    );
  }

  private linkSiblings(): void {
    const { keys, state, firstChild, nextSibling, firstRoot } = this;
    const order = this.inOrder();
    // backwards, so that each goes before its later siblings
    for (let index = order.length - 1; index >= 0; index--) {
      const row = order[index] as number;
      const parent = state[row] === 2 ? none : this.parentRow(row);
      const list = parent === none ? firstRoot : firstChild;
      const owner = parent === none ? (keys.thread[row] as number) : parent;
      nextSibling[row] = list[owner] as number;
      list[owner] = row;
    }
  }

  /** The comments among the rows, by time, then id. Dumps come in the order of time: mostly there is nothing to sort. */
  private inOrder(): readonly number[] | Uint32Array {
    const { keys, state } = this;
    let count = 0;
    for (let row = 0; row < keys.rows; row++) if (state[row] !== 0 && keys.comment[row] !== none) count++;
    const rows = new Uint32Array(count);
    let sorted = true;
    let at = 0;
    for (let row = 0; row < keys.rows; row++) {
      if (state[row] === 0 || keys.comment[row] === none) continue;
      if (at > 0 && this.compare(rows[at - 1] as number, row) > 0) sorted = false;
      rows[at++] = row;
    }
    // an array's sort is adaptive, a typed array's is not: mostly ordered rows take a fraction of the time
    return sorted ? rows : Array.from(rows).sort((a, b) => this.compare(a, b));
  }

  private walk(): Arrangement {
    const { keys, head, state, figures } = this;
    let count = 0;
    for (let row = 0; row < keys.rows; row++) if (state[row] !== 0) count++;
    const into: Walked = {
      row: new Uint32Array(count),
      depth: new Int32Array(count),
      parentMissing: new Uint8Array(count),
      begins: new Uint8Array(count),
      at: 0,
    };
    const namedMissing = new Uint8Array(keys.comments.count);
    let threads = 0;
    for (const thread of this.threadsInOrder()) {
      const begin = into.at;
      const submission = head[thread] as number;
      if (submission !== none && state[submission] !== 0) put(into, submission, submissionDepth, false);
      for (
        let root = this.firstRoot[thread] as number;
        root !== none;
        root = this.nextSibling[root] as number
      )
        this.walkTree(root, into);
      if (into.at === begin) continue;
      threads++;
      into.begins[begin] = 1;
      for (let at = begin; at < into.at; at++) this.count(into, at, thread, namedMissing);
    }
    let [tombstones, orphans, maxDepth] = [0, 0, 0];
    for (let at = 0; at < count; at++) {
      if (keys.kept[into.row[at] as number] === 0) tombstones++;
      orphans += into.parentMissing[at] as number;
      maxDepth = Math.max(maxDepth, into.depth[at] as number);
    }
    const { duplicates, cycles } = this;
    const counts = { threads, rows: count, tombstones, orphans, duplicates, cycles, maxDepth };
    return { count, ...into, threads: figures, counts };
  }

  /** A root and all below it: a comment, then its children, each with all below it. No recursion: threads are deep. */
  private walkTree(root: number, into: Walked): void {
    const { firstChild, nextSibling } = this;
    put(into, root, 0, this.isMissing(root));
    let depth = 0;
    let row = root;
    for (;;) {
      const child = firstChild[row] as number;
      if (child !== none) {
        depth++;
        row = child;
      } else {
        while (row !== root && nextSibling[row] === none) {
          depth--;
          row = this.parentRow(row);
        }
        if (row === root) return;
        row = nextSibling[row] as number;
      }
      put(into, row, depth, false);
    }
  }

  /** Whether the parent of a row without one among the rows is missing. */
  private isMissing(row: number): boolean {
    const { keys, head, joined } = this;
    if (keys.parent[row] !== parentIs.thread) return true;
    return joined && head[keys.thread[row] as number] === none;
  }

  private count(into: Walked, at: number, thread: number, namedMissing: Uint8Array): void {
    const { keys, figures } = this;
    const row = into.row[at] as number;
    if (keys.comment[row] === none) return;
    const created = keys.created[row] as number;
    const [first, last] = [figures.first[thread] as number, figures.last[thread] as number];
    if (!(first <= created)) figures.first[thread] = created;
    if (!(last >= created)) figures.last[thread] = created;
    figures.maxDepth[thread] = Math.max(figures.maxDepth[thread] as number, into.depth[at] as number);
    const parent = keys.parent[row] as number;
    if (parent < 0 || this.latest[parent] !== none || namedMissing[parent] === 1) return;
    namedMissing[parent] = 1;
    figures.commentsMissing[thread] = (figures.commentsMissing[thread] as number) + 1;
  }

  /** By their values where they are split, then by `link_id`. */
  private threadsInOrder(): readonly number[] {
    const { links, values } = this.keys;
    const threads = Array.from({ length: links.count }, (_, thread) => thread);
    if (values.count <= 1) return threads.sort((a, b) => links.compare(a, b));
    const order = valuesInOrder(values);
    const place = new Uint32Array(values.count);
    for (const [at, value] of order.entries()) place[value] = at;
    return threads.sort(
      (a, b) => (place[links.group(a)] as number) - (place[links.group(b)] as number) || links.compare(a, b),
    );
  }
}

interface Walked {
  readonly row: Uint32Array;
  readonly depth: Int32Array;
  readonly parentMissing: Uint8Array;
  readonly begins: Uint8Array;
  at: number;
}

function put(into: Walked, row: number, depth: number, parentMissing: boolean): void {
  const { at } = into;
  into.row[at] = row;
  into.depth[at] = depth;
  into.parentMissing[at] = parentMissing ? 1 : 0;
  into.at = at + 1;
}
