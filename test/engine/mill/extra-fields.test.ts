import assert from 'node:assert/strict';
import { generateLines } from '../../../samples/generator/generate-lines.ts';
import { fieldsWithColumn, type ArchiveKind } from '../../../src/core/columns.ts';
import { ExtraFields } from '../../../src/engine/mill/extra-fields.ts';

function extraOf(line: string, kind: ArchiveKind = 'comments'): string {
  // beside other lines, as in a block
  const bytes = Buffer.from(`{"x":1}\n${line}\n{"y":2}`);
  const end = bytes.length - 8;
  return Buffer.from(new ExtraFields(kind).of(bytes, 8, end)).toString();
}

describe('ExtraFields', () => {
  it('keeps the members without a column, each with its own text', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['{}', '{}'],
      ['{"id":"c1","body":"x"}', '{}'],
      ['{"ups":1.50,"id":"c1","downs":1E+2}', '{"ups":1.50,"downs":1E+2}'],
      [
        ' { "ups" : 12345678901234567890 ,\t"a":null , "b" :true} ',
        '{"ups":12345678901234567890,"a":null,"b":true}',
      ],
      ['{"a":{"id":[1,{"b":"}]\\""}]},"c":[ ]}', '{"a":{"id":[1,{"b":"}]\\""}]},"c":[ ]}'],
      ['{"\\u0069d":"c1","\\u0061":"\\ud83d\\ude00\\/"}', '{"\\u0061":"\\ud83d\\ude00\\/"}'],
      // the last value of a repeated key, at the place of the first
      ['{"a":1,"b":2,"\\u0061":3}', '{"a":3,"b":2}'],
      ['{"é":1,"\\u00e9":2,"":3}', '{"é":2,"":3}'],
      ['{"a":"\\\\","b":"\\\\\\""}', '{"a":"\\\\","b":"\\\\\\""}'],
      ['{"removed_by_category":null,"retrieved_on":1}', '{"removed_by_category":null}'],
      ['{"__proto__":1,"constructor":2}', '{"__proto__":1,"constructor":2}'],
    ];
    for (const [line, extra] of cases) assert.equal(extraOf(line), extra, line);
    assert.equal(extraOf('{"title":"t","selftext":"s","body":"b"}', 'submissions'), '{"body":"b"}');
  });

  it('holds what JSON.parse finds, in lines of all years, dirty ones too', () => {
    for (const kind of ['comments', 'submissions'] as const) {
      const known = fieldsWithColumn(kind);
      let lines = 0;
      for (const era of ['2006', '2013', '2017', '2023'] as const) {
        for (const bytes of generateLines({
          kind,
          era,
          bytes: 200_000,
          seed: 4,
          dirty: true,
          dirtyEvery: 15,
        })) {
          const line = Buffer.from(bytes)
            .toString('utf8')
            .replace(/\r?\n$/, '');
          let record: Record<string, unknown>;
          try {
            record = JSON.parse(line) as Record<string, unknown>;
          } catch {
            continue;
          }
          if (typeof record !== 'object' || record === null || Array.isArray(record)) continue; // eslint-disable-line @typescript-eslint/no-unnecessary-condition -- a line may hold anything
          lines++;
          const expected = Object.fromEntries(Object.entries(record).filter(([key]) => !known.has(key)));
          assert.deepEqual(JSON.parse(extraOf(line, kind)), expected, line);
        }
      }
      assert.ok(lines > 300, `${lines} lines`);
    }
  });
});
