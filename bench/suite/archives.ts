/** The archives that the bench reads: made once by the repository's generator, kept in `.bench/archives`. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ArchiveKind } from '../../src/core/columns.ts';
import { run } from './measure.ts';

export type ArchiveName = 'comments-200MB' | 'comments-2GB' | 'comments-20GB' | 'submissions-300MB';

export interface BenchArchive {
  readonly name: string;
  readonly kind: ArchiveKind;
  readonly path: string;
  /** Decompressed. */
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly lines: number;
  /** Lines that our default filter keeps, as the generator knows. */
  readonly kept: number;
}

const shapes: Readonly<Record<ArchiveName, { readonly kind: ArchiveKind; readonly size: string }>> = {
  'comments-200MB': { kind: 'comments', size: '200MB' },
  'comments-2GB': { kind: 'comments', size: '2GB' },
  'comments-20GB': { kind: 'comments', size: '20GB' },
  'submissions-300MB': { kind: 'submissions', size: '300MB' },
};
const root = path.resolve(import.meta.dirname, '../..');
/** 20 GB take some seven minutes on a quiet machine. */
const makeMsMax = 3_600_000;

/** Everything that decides an archive's bytes: a generator that changed makes other archives. */
function generatorHash(): string {
  const folder = path.join(root, 'samples/generator');
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(path.join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The archive of that name: one frame, window of 2^31 bytes, era 2023, seed 1. Made in a process of its own where it is
 * missing or older than the generator: packing takes the whole window, which this process would not give back.
 */
export async function archiveOf(
  name: ArchiveName,
  folder: string,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (message: string) => void },
): Promise<BenchArchive> {
  const { kind, size } = shapes[name];
  const file = path.join(folder, `${name}.zst`);
  const note = path.join(folder, `${name}.json`);
  const generator = generatorHash();
  if (existsSync(file) && existsSync(note)) {
    const { made, ...found } = JSON.parse(readFileSync(note, 'utf8')) as Omit<BenchArchive, 'path'> & {
      readonly made: string;
    };
    if (made === generator) return { ...found, path: file };
  }
  say(`Making ${name} (once)`);
  mkdirSync(folder, { recursive: true });
  rmSync(note, { force: true });
  const unfinished = `${file}.tmp`;
  const { stdout } = await run(
    [
      process.execPath,
      path.join(root, 'samples/generate.ts'),
      ...[
        '--out',
        unfinished,
        '--kind',
        kind,
        '--era',
        '2023',
        '--bytes',
        size,
        '--seed',
        '1',
        '--long',
        '31',
      ],
    ],
    { timeoutMs: makeMsMax, signal, gnuTime: null },
  );
  const { lines, bytes, compressedBytes, expected } = JSON.parse(stdout) as {
    readonly lines: number;
    readonly bytes: number;
    readonly compressedBytes: number;
    readonly expected: { readonly kept: number };
  };
  const archive = { name, kind, bytes, compressedBytes, lines, kept: expected.kept };
  renameSync(unfinished, file);
  writeFileSync(note, JSON.stringify({ ...archive, made: generator }));
  return { ...archive, path: file };
}

/** Fails where a program dropped or invented rows: that is no measurement. */
export function checkRows({ kept, name }: BenchArchive, rows: number): void {
  if (rows !== kept) throw new Error(`${rows} rows of ${name}, which has ${kept} by the generator`);
}
