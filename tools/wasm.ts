/** Builds `wasm/` into `src/engine/mill/scan-wasm.ts`, which is committed: sources run without a build. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';

const root = path.resolve(import.meta.dirname, '..');
// a program, not a module: its types change those of the whole repository
const compiler = path.join(root, 'node_modules/assemblyscript/bin/asc.js');
const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];
/** What is built. */
export const scanWasmFile = path.join(root, 'src/engine/mill/scan-wasm.ts');

/** The text of that file, from the sources: the same from the same sources and compiler. */
export async function buildScanWasm(): Promise<string> {
  const text = `/** Made of wasm/scan.ts by \`npm run wasm\`; not to be edited. */\nexport const scanWasm = '${compile()}';\n`;
  return format(text, { ...(await resolveConfig(scanWasmFile)), filepath: scanWasmFile });
}

/** The binary in base 64. */
function compile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'threadmill-wasm-'));
  try {
    const binary = path.join(folder, 'scan.wasm');
    execFileSync(process.execPath, [compiler, 'wasm/scan.ts', ...flags, '--outFile', binary], { cwd: root });
    return readFileSync(binary).toString('base64');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) writeFileSync(scanWasmFile, await buildScanWasm());
