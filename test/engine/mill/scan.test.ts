import assert from 'node:assert/strict';
import fc from 'fast-check';
import { absent, FieldTable } from '../../../src/engine/mill/fields.ts';
import { parseLine } from '../../../src/engine/mill/parse.ts';
import { LineScanner } from '../../../src/engine/mill/scan.ts';
import type { ArchiveKind } from '../../../src/core/columns.ts';
import { valuesOf } from '../../fuzz/field-values.ts';

/** One a kind, as a mill thread has it: each has a memory of its own. */
const scanners = new Map<ArchiveKind, { readonly scanner: LineScanner; readonly fields: FieldTable }>();

function scannerOf(kind: ArchiveKind): { readonly scanner: LineScanner; readonly fields: FieldTable } {
  let found = scanners.get(kind);
  if (found === undefined) {
    const fields = new FieldTable(kind);
    found = { fields, scanner: new LineScanner(fields) };
    scanners.set(kind, found);
  }
  return found;
}

/** Runs both paths; gives whether the fast one was sure. The fast path may be unsure, but never wrong. */
function agree(line: Uint8Array, kind: ArchiveKind = 'comments'): boolean {
  const source = new Uint8Array(line.length + 3);
  source.fill(0x7b); // what stands before the line must not matter
  source.set(line, 2);
  source[line.length + 2] = 0x0a;
  const { scanner, fields: fast } = scannerOf(kind);
  const slow = new FieldTable(kind);
  const begin = scanner.take(source, 0, source.length);
  const end = scanner.scan(begin + 2);
  // a line has no line feed inside: one that ends early is the caller's next line
  const sure = end === begin + line.length + 2;
  const outcome = parseLine(source, 2, line.length + 2, slow);
  if (sure) {
    assert.equal(
      outcome,
      'object',
      `scan() accepts what JSON.parse refuses: ${Buffer.from(line).toString('latin1')}`,
    );
    assert.deepEqual(valuesOf(fast), valuesOf(slow), Buffer.from(line).toString('latin1'));
  }
  return sure;
}

const text = (line: string): Uint8Array => Buffer.from(line, 'utf8');

describe('LineScanner', () => {
  it('scan() is sure of ordinary lines, whatever their spacing, escapes and nesting', () => {
    for (const line of [
      '{"id":"c13","body":"a","score":2,"edited":false,"author":null,"link_id":"t3_1"}',
      ' { "id" : "c13" , "body" : "x\\n\\"y\\" \\u00e9 \\ud83d\\ude00 \\/" , "score" : -5 } \r',
      '{"id":"é","all_awardings":[{"a":[1,2.5e-3,{"b":null}]},[],{}],"body":"😀"}',
      '{"id":"a","id":"b","score":1e400,"gilded":-0}',
      '{"body":"\\ud800 lone \\udc00"}',
      '{}',
    ]) {
      assert.equal(agree(text(line)), true, line);
    }
  });

  it('scan() never accepts what JSON.parse refuses', () => {
    for (const line of [
      '',
      '{',
      '}',
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{,}',
      '{"a":01}',
      '{"a":1.}',
      '{"a":.5}',
      '{"a":+1}',
      '{"a":1e}',
      '{"a":tru}',
      '{"a":nul}',
      '{"a":"\\x"}',
      '{"a":"\\u12g4"}',
      '{"a":"\t"}',
      '{"a":"b}',
      '{"a":[1,]}',
      '{"a":[1 2]}',
      '{"a":{"b"}}',
      '{"a":{"b":1]}',
      '{"a":1}{"b":2}',
      '{"a":1} x',
      '\ufeff{"a":1}',
      '{"a":-}',
      "{'a':1}",
      '{"a":NaN}',
      '[1]',
      '1',
      '"a"',
      'null',
      '<html>',
      '{"a":[[}]}',
    ]) {
      assert.equal(agree(text(line)), false, line);
    }
  });

  it('scan() leaves invalid UTF-8 in a wanted string to the slow path', () => {
    assert.equal(agree(Buffer.from('{"body":"caf\xe9"}', 'latin1')), false);
    assert.equal(agree(Buffer.from('{"other":"caf\xe9","id":"a"}', 'latin1')), true);
  });

  it('scan() knows every way in which UTF-8 can be wrong', () => {
    const bad = [
      '80',
      'bf',
      'c080',
      'c1bf',
      'c3',
      'c328',
      'e08080',
      'e09fbf',
      'eda080',
      'edbfbf',
      'e282',
      'e28228',
    ];
    const badLong = ['f0808080', 'f08fbfbf', 'f4908080', 'f5808080', 'ff', 'f09f98', 'f09f9828', 'e282ac80'];
    const good = [
      'c280',
      'dfbf',
      'e0a080',
      'ed9fbf',
      'ee8080',
      'efbfbf',
      'f0908080',
      'f48fbfbf',
      'e282ac',
      'f09f9880',
    ];
    for (const [sequences, sure] of [
      [[...bad, ...badLong], false],
      [good, true],
    ] as const) {
      for (const hex of sequences) {
        for (const [before, behind] of [
          ['', ''],
          ['a'.repeat(15), 'b'],
          ['é'.repeat(9), 'b'.repeat(30)],
        ] as const) {
          const line = Buffer.concat([
            text(`{"body":"${before}`),
            Buffer.from(hex, 'hex'),
            text(`${behind}"}`),
          ]);
          assert.equal(agree(line), sure, `${hex} behind ${before}`);
        }
      }
    }
  });

  it('scan() reads numbers as JSON.parse does', () => {
    const numbers = [
      '0',
      '-0',
      '7',
      '-12',
      '999999999999999',
      '9007199254740993',
      '123456789012345678',
      '0.1',
      '0.97',
      '-0.05',
    ];
    const more = [
      '1.7',
      '3.14159265358979',
      '0.000000000000001',
      '123456789.123456',
      '1234567890.1234567',
      '5e-324',
      '1e22',
      '1E+3',
    ];
    for (const number of [...numbers, ...more, '1e400', '1.0', '1689000000.0', '0.30000000000000004']) {
      assert.equal(agree(text(`{"score":${number},"id":"a"}`)), true, number);
      assert.equal(agree(text(`{"other":${number}, "gilded": ${number} }`)), true, number);
    }
  });

  it('scan() forgets a model of no use whole: its texts are overwritten by the next', () => {
    const fields = new FieldTable('comments');
    const scanner = new LineScanner(fields);
    const strange = Array.from({ length: 300 }, (_, at) => `"k${at}":${at}`).join(',');
    const scan = (line: string): void => {
      const begin = scanner.take(Buffer.from(`${line}\n`), 0, line.length + 1);
      assert.equal(scanner.scan(begin), begin + line.length);
    };
    scan('{"a":null,"edited":false}');
    scan(`{${strange}}`);
    // the model's first text ends in the old second one, `,"edited":false`, of which `,":dited":false` is left
    scan('{"xxxxxxx,":1,":dited":false}');
    assert.equal(fields.type[fields.slot('edited')], absent);
  });

  it('scan() agrees with JSON.parse on random objects, byte by byte mutated', () => {
    const names = new FieldTable('submissions').names;
    const key = fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'binary', maxLength: 8 }));
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.jsonValue({ maxDepth: 4 }),
    );
    const line = fc
      .array(fc.tuple(key, value), { maxLength: 12 })
      .map(
        (pairs) =>
          `{${pairs.map(([name, field]) => `${JSON.stringify(name)}:${JSON.stringify(field)}`).join(',')}}`,
      );
    fc.assert(
      fc.property(
        line,
        fc.nat(),
        fc.nat(255),
        fc.constantFrom('keep', 'set', 'cut', 'drop'),
        (json, position, byte, mutation) => {
          const bytes = Buffer.from(json.replaceAll('\n', ' '), 'utf8');
          const at = position % bytes.length;
          if (mutation === 'set' && byte !== 0x0a) bytes[at] = byte;
          const mutated =
            mutation === 'cut'
              ? bytes.subarray(0, at)
              : mutation === 'drop'
                ? Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
                : bytes;
          agree(mutated, 'submissions');
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
