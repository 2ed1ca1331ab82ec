/** A bucket's threads in sets whose keys fit the memory, however large one value is. */
import { ByteIndex } from '../threads/byte-index.ts';
import { KeyCursor, type KeyChoice, type ValueAt } from '../threads/key-table.ts';
import { bucketOf } from '../threads/thread-hash.ts';
import { valuesInOrder } from '../threads/values-in-order.ts';

/**
 * Format: of a value with more rows than this, threads are written in several runs, each in the order of their ids. A million
 * rows take some 110 MB, as a giant thread does.
 */
export const setRowsMax = 1_000_000;

/** Counts the rows of each value, then says what is in which set. Memory: some 50 bytes a value. */
export class KeySets {
  private readonly values = new ByteIndex();
  private rows = new Float64Array(1024);
  private readonly rowsMax: number;
  /** By value: its first set, and how many it has. */
  private first = new Uint32Array(0);
  private sets = new Uint32Array(0);

  constructor(rowsMax = setRowsMax) {
    this.rowsMax = rowsMax;
  }

  /** Counts the rows of a block's keys. */
  count(keys: Uint8Array, rows: number): void {
    const cursor = new KeyCursor(keys);
    for (let row = 0; row < rows; row++) {
      const number = this.numberOf(keys, cursor.value());
      if (number >= this.rows.length) {
        const grown = new Float64Array(this.rows.length * 2);
        grown.set(this.rows);
        this.rows = grown;
      }
      this.rows[number] = (this.rows[number] as number) + 1;
      cursor.skipRow();
    }
  }

  /** Ends counting; gives a choice of keys for each set, in the order of their values. */
  choices(): readonly KeyChoice[] {
    this.first = new Uint32Array(this.values.count);
    this.sets = new Uint32Array(this.values.count).fill(1);
    let [set, filled] = [0, 0];
    for (const value of valuesInOrder(this.values)) {
      const rows = this.rows[value] as number;
      if (filled > 0 && filled + rows > this.rowsMax) [set, filled] = [set + 1, 0];
      this.first[value] = set;
      filled += rows;
      if (rows <= this.rowsMax) continue;
      const runs = Math.ceil(rows / this.rowsMax);
      this.sets[value] = runs;
      [set, filled] = [set + runs, 0];
    }
    const count = set + (filled > 0 ? 1 : 0);
    return Array.from({ length: count }, (_, wanted) => ({
      takes: (keys: Uint8Array, value: ValueAt, cursor: KeyCursor) =>
        this.setOf(keys, value, cursor) === wanted,
    }));
  }

  private setOf(keys: Uint8Array, value: ValueAt, cursor: KeyCursor): number {
    const number = this.numberOf(keys, value);
    const [first, sets] = [this.first[number] as number, this.sets[number] as number];
    if (sets === 1) return first;
    const { at } = cursor;
    cursor.byte();
    const length = cursor.varint();
    const run = bucketOf(keys, cursor.at, cursor.at + length, sets);
    cursor.at = at;
    return first + run;
  }

  private numberOf(keys: Uint8Array, { missing, start, end }: ValueAt): number {
    return this.values.intern(missing, keys, start, end);
  }
}
