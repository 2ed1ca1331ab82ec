import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fileStem, isFileStem } from '../../../src/engine/split/file-name.ts';
import { folded, hostileValues } from './hostile.ts';

/** What Windows, macOS and Linux all take for one name in a folder. */
function assertSafe(stem: string): void {
  assert.match(stem, /^[a-z0-9_%.A-F-]+$/);
  assert.doesNotMatch(stem, /^\.|\.$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
  assert.ok(stem.length <= 120, `${stem.length} bytes`);
  assert.ok(isFileStem(stem), stem);
}

describe('fileStem()', () => {
  it('leaves names of subreddits as they are', () => {
    for (const name of ['askhistorians', 'reddit.com', 'u_spez', 't-shirts', '4chan', 'com10', '2005-12'])
      assert.equal(fileStem(name), name);
  });

  it('escapes what means something to a file system, and nothing becomes another value', () => {
    assert.deepEqual(
      ['..', 'a/b', 'x\u0000y', 'con', 'aux.h', '.x', 'x.', 'É', 'A', '%41', '%missing', '', null].map(fileStem),
      ['%2E%2E', 'a%2Fb', 'x%00y', '%63on', '%61ux.h', '%2Ex', 'x%2E', '%C3%89', '%41', '%2541', '%25missing', '%empty', '%missing'],
    ); // prettier-ignore
  });

  it('gives hostile values names of their own, whatever a file system makes of case', () => {
    const values = new Set([null, ...hostileValues.map(folded)]);
    const names = [...values].map(fileStem);
    for (const name of names) assertSafe(name);
    assert.equal(new Set(names.map((name) => name.toLowerCase())).size, values.size);
  });

  it('does so with any two', () => {
    const text = fc
      .string({ unit: 'binary', maxLength: 300 })
      .map((value) => folded(value.toWellFormed()) ?? '');
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [one, other] = [fileStem(a), fileStem(b)];
        assertSafe(one);
        assert.equal(one.toLowerCase() === other.toLowerCase(), a === b);
      }),
    );
  });

  it('is no name that people give their own files', () => {
    for (const name of ['Notes', 'a b', 'x%', '%4g', '%2e', '.git', '%none', 'x'.repeat(121), 'é', ''])
      assert.equal(isFileStem(name), false, name);
  });
});
