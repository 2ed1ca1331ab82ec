/** A row of a thread dataset on its way out: its keys, its place in the thread, and its payload. */
import type { KeyTable } from './key-table.ts';
import { parentIs } from './key-table.ts';
import type { PayloadRow } from './payload-reader.ts';

const commentPrefix = Buffer.from('t1_', 'latin1');

/** Takes bytes [start, end) of `source`. */
export type TakeBytes = (source: Uint8Array, start: number, end: number) => void;

/** Reused from row to row: set by the assembly, read by the writers. */
export class RowAtHand {
  readonly keys: KeyTable;
  /** Row of the key table. */
  row = 0;
  depth = 0;
  parentMissing = false;
  /** The first of its thread. */
  begins = false;
  kept = true;
  submission = false;
  /** The payload of its kind, read. */
  payload: PayloadRow;
  private named = new Uint8Array(64);

  constructor(keys: KeyTable, payload: PayloadRow) {
    this.keys = keys;
    this.payload = payload;
    this.named.set(commentPrefix);
  }

  get createdMs(): number {
    return this.keys.created[this.row] as number;
  }

  /** The id without prefix: a submission's follows `t3_` in its thread's name. */
  takeId(take: TakeBytes): void {
    const { links, comments, comment, thread } = this.keys;
    if (this.submission) {
      const link = thread[this.row] as number;
      take(links.bytes, links.start(link) + commentPrefix.length, links.end(link));
    } else {
      const id = comment[this.row] as number;
      take(comments.bytes, comments.start(id), comments.end(id));
    }
  }

  takeLink(take: TakeBytes): void {
    const { links, thread } = this.keys;
    const link = thread[this.row] as number;
    take(links.bytes, links.start(link), links.end(link));
  }

  /** False where the line named no parent: nothing is taken then. */
  takeParent(take: TakeBytes): boolean {
    const { comments, others, parent } = this.keys;
    const named = parent[this.row] as number;
    if (named === parentIs.none) return false;
    if (named === parentIs.thread) this.takeLink(take);
    else if (named <= parentIs.other) {
      const other = parentIs.other - named;
      take(others.bytes, others.start(other), others.end(other));
    } else {
      const [start, end] = [comments.start(named), comments.end(named)];
      const length = commentPrefix.length + end - start;
      if (this.named.length < length) {
        this.named = new Uint8Array(length * 2);
        this.named.set(commentPrefix);
      }
      this.named.set(comments.bytes.subarray(start, end), commentPrefix.length);
      take(this.named, 0, length);
    }
    return true;
  }
}
