import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { buildScanWasm, scanWasmFile } from '../../../tools/wasm.ts';

describe('scan-wasm.ts', () => {
  it('is what `npm run wasm` makes of wasm/', async () => {
    assert.equal(readFileSync(scanWasmFile, 'utf8'), await buildScanWasm());
  });
});
