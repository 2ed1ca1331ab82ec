/** What of WebAssembly is used here: TypeScript has it only in the library of browsers. */

declare const wasmModule: unique symbol;

export interface WasmModule {
  readonly [wasmModule]: true;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** By pages of 64 KiB. The old buffer has no bytes afterwards. */
  grow(pages: number): number;
}

export interface WasmGlobal {
  readonly value: unknown;
}

/** Functions by module and name. */
type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface WebAssembly {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: Imports) => { readonly exports: unknown };
}

/** The global one. */
export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssembly }).WebAssembly;
