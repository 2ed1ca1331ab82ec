import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteSink } from '../../../src/engine/output/byte-sink.ts';
import { pushAscii, pushJsonString } from '../../../src/engine/output/json-text.ts';

function jsonOf(text: string): string {
  const sink = new ByteSink(1);
  const source = Buffer.from(`"${text}"`, 'utf8');
  pushJsonString(sink, source, 1, source.length - 1);
  return Buffer.from(sink.content()).toString('utf8');
}

describe('pushJsonString()', () => {
  it('writes every character of one byte as JSON.stringify does', () => {
    for (let code = 0; code < 128; code++) {
      const text = String.fromCharCode(code);
      assert.equal(jsonOf(text), JSON.stringify(text), `character ${code}`);
    }
    assert.equal(jsonOf(''), '""');
  });

  it('writes any text as JSON.stringify does', () => {
    const unit = fc.oneof(
      fc.constantFrom('"', '\\', '\n', '\u0000', '\u001f', '\u2028', '🙂'),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(unit), (units) => {
        const text = units.join('').toWellFormed();
        assert.equal(jsonOf(text), JSON.stringify(text));
      }),
      { numRuns: 500 },
    );
  });

  it('goes on where the sink ends, and takes the room that the worst text needs', () => {
    const sink = new ByteSink(1);
    pushAscii(sink, '[');
    const worst = Buffer.alloc(10_000, 1);
    for (let round = 0; round < 3; round++) {
      pushJsonString(sink, worst, 0, worst.length);
      pushAscii(sink, round < 2 ? ',' : ']');
    }
    const text = worst.toString();
    assert.equal(Buffer.from(sink.content()).toString(), JSON.stringify([text, text, text]));
  });
});
