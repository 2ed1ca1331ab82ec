import assert from 'node:assert/strict';
import { fuzzLines } from './line-fuzz.ts';

describe('fuzz: lines', () => {
  it('the fast path agrees with JSON.parse on 20,000 mutated lines, and stripes do not depend on blocks', () => {
    const { lines, sure } = fuzzLines({ seed: 20_261_124, lines: 20_000 });
    // neither all nonsense nor all well-formed
    assert.ok(sure > lines / 4 && sure < lines * 0.95, `${sure} of ${lines} lines were scanned`);
  }).timeout(60_000);
});
