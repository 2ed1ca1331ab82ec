import assert from 'node:assert/strict';
import type { FieldTable } from '../../src/engine/mill/fields.ts';

/** What a table says, in values that can be compared. */
export function valuesOf(fields: FieldTable): readonly unknown[] {
  return fields.names.map((_, slot) => {
    const type = fields.type[slot];
    if (type === 1) {
      const source = fields.source[slot];
      assert.ok(source, 'a string has a source');
      return [type, Buffer.from(source.subarray(fields.start[slot], fields.end[slot])).toString('hex')];
    }
    if (type === 2) return [type, Object.is(fields.number[slot], -0) ? 0 : fields.number[slot]];
    return [type];
  });
}
