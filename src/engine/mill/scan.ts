/**
 * The fast path: one pass over a line's bytes that checks all of its JSON and notes where the wanted fields stand. The pass
 * itself is `wasm/scan.ts`: sixteen bytes at a time cost a third of what words of four and eight do here.
 */
import type { FieldTable } from './fields.ts';
import { scanWasm } from './scan-wasm.ts';
import { webAssembly, type WasmGlobal, type WasmMemory, type WasmModule } from './web-assembly.ts';

/** What wasm/scan.ts exports; addresses are offsets in its memory. */
interface ScanExports {
  readonly memory: WasmMemory;
  readonly input: WasmGlobal;
  readonly inputMax: WasmGlobal;
  readonly memoryEnd: WasmGlobal;
  readonly types: WasmGlobal;
  readonly starts: WasmGlobal;
  readonly ends: WasmGlobal;
  readonly numbers: WasmGlobal;
  readonly keys: WasmGlobal;
  readonly keyBytesMax: WasmGlobal;
  readonly slotsMax: WasmGlobal;
  addKey(slot: number, bytes: number): void;
  readonly scan: (at: number) => number;
}

/** Lines that are scanned together have at most so many bytes, as `inputMax` in wasm/scan.ts. */
export const scanBytesMax = 1024 * 1024;
const wasmPageBytes = 64 * 1024;
const latin1 = new TextDecoder('latin1');
/** Compiled once a thread. */
let compiled: WasmModule | null = null;

/**
 * Scans JSON objects. It answers with the line's end only where the line is certainly a well-formed object and `fields` is
 * certainly what `parseLine` would fill in; in every other case it is unsure, and the caller asks `parseLine`, which decides.
 * Memory: 2 MiB.
 */
export class LineScanner {
  /** Its memory: the lines stand in it, and the strings of `fields`. */
  readonly bytes: Uint8Array;
  private readonly fields: FieldTable;
  private readonly input: number;
  private readonly run: (at: number) => number;

  constructor(fields: FieldTable) {
    this.fields = fields;
    compiled ??= new webAssembly.Module(Buffer.from(scanWasm, 'base64'));
    const number = { slowNumber: (start: number, end: number) => this.slowNumber(start, end) };
    const exports = new webAssembly.Instance(compiled, { number }).exports as ScanExports;
    const { memory } = exports;
    const at = (address: WasmGlobal): number => address.value as number;
    memory.grow(Math.ceil((at(exports.memoryEnd) - memory.buffer.byteLength) / wasmPageBytes));
    const { buffer } = memory;
    this.bytes = new Uint8Array(buffer);
    this.input = at(exports.input);
    this.run = exports.scan;
    const { names } = fields;
    const slots = at(exports.slotsMax);
    const keyBytesMax = at(exports.keyBytesMax);
    if (names.length > slots || at(exports.inputMax) !== scanBytesMax)
      throw new RangeError(`Cannot scan for ${names.length} fields: at most ${slots} are foreseen`);
    for (const [slot, name] of names.entries()) {
      if (name.length > keyBytesMax) throw new RangeError(`Cannot scan for field ${JSON.stringify(name)}`);
      this.bytes.set(Buffer.from(name, 'latin1'), at(exports.keys) + slot * keyBytesMax);
      exports.addKey(slot, name.length);
    }
    fields.live(this.bytes, {
      type: new Uint8Array(buffer, at(exports.types), names.length),
      start: new Int32Array(buffer, at(exports.starts), names.length),
      end: new Int32Array(buffer, at(exports.ends), names.length),
      number: new Float64Array(buffer, at(exports.numbers), names.length),
    });
  }

  /**
   * Takes lines in place of those that it had: bytes [start, end) of `source`, at most `scanBytesMax`, the last one a line
   * feed. Gives where they begin in `bytes`.
   */
  take(source: Uint8Array, start: number, end: number): number {
    if (end - start > scanBytesMax)
      throw new RangeError(`Cannot scan ${end - start} bytes together, at most ${scanBytesMax}`);
    this.bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.input);
    return this.input;
  }

  /**
   * Scans the line that starts at `at` in `bytes`, among those that were taken.
   * @returns the position of the line feed that ends the line, or -1: unsure
   */
  scan(at: number): number {
    const end = this.run(at);
    if (end === 0) return -1;
    this.fields.allInMemory();
    return end;
  }

  private slowNumber(start: number, end: number): number {
    return Number(latin1.decode(this.bytes.slice(start, end)));
  }
}
