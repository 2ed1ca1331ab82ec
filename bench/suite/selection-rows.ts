/** What people do most with dumps: taking something out. The engine alone, beside the floor. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ArchiveReader } from '../../src/engine/archive/archive-reader.ts';
import { runEngine } from './our-rows.ts';
import type { BenchArchive } from './archives.ts';
import type { Row } from './row.ts';

interface Selected {
  readonly id: string;
  readonly title: string;
  readonly format: string;
  /** Settings of a job; may write files into the row's folder. */
  readonly settings: (names: readonly string[], folder: string) => Readonly<Record<string, unknown>>;
  /** All that the rules keep. */
  readonly whole?: boolean;
}

const beginningBytes = 32 * 1024 * 1024;

/** Subreddits of the archive's beginning, the commonest first. */
function subredditsOf({ path: file }: BenchArchive): readonly string[] {
  const reader = new ArchiveReader(file, 'zstd');
  const bytes = Buffer.alloc(beginningBytes);
  const text = bytes.toString('latin1', 0, reader.read(bytes));
  reader.close();
  const counts = new Map<string, number>();
  for (const [, name = ''] of text.matchAll(/"subreddit":"(\w+)"/g))
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
}

function listOf(names: readonly string[], folder: string): Readonly<Record<string, unknown>> {
  const file = path.join(path.dirname(folder), 'names.txt');
  writeFileSync(file, names.join('\n'));
  return { subredditsFile: file };
}

const strangers = Array.from({ length: 100_000 }, (_, index) => `nobody_${index}`);

const selections: readonly Selected[] = [
  { id: 'one', title: 'one subreddit', format: 'jsonl', settings: (names) => ({ subreddit: [names[100]] }) },
  {
    id: '500',
    title: '500 subreddits',
    format: 'jsonl',
    settings: (names, folder) => listOf(names.slice(300, 800), folder),
  },
  {
    id: '100500',
    title: '100,500 subreddits',
    format: 'jsonl',
    settings: (names, folder) => listOf([...names.slice(300, 800), ...strangers], folder),
  },
  {
    id: 'keyword',
    title: 'two keywords',
    format: 'jsonl',
    settings: () => ({ keyword: ['bbq', 'breakfast taco'] }),
  },
  {
    id: 'regex',
    title: 'a regular expression',
    format: 'jsonl',
    settings: () => ({ regex: '(?i)bbq|taco' }),
  },
  {
    id: 'columns',
    title: 'three columns',
    format: 'parquet',
    settings: () => ({ columns: ['id', 'author', 'body'] }),
    whole: true,
  },
];

/** A row for each sort of selection. */
export function selectionRows(archive: BenchArchive): readonly Row[] {
  const names = subredditsOf(archive);
  return selections.map(({ id, title, format, settings, whole = false }) => ({
    id: `select-${id}@${archive.name}`,
    title: `engine alone, ${title} → ${format}`,
    archive,
    run: (context) =>
      runEngine(archive, context, [format, '0', JSON.stringify(settings(names, context.folder))], { whole }),
  }));
}
