/** A folder of archives for tests of corpora: small ones, a large one, one that grows, a broken one. */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { generateArchive } from '../../samples/generator/archive.ts';

const small = 26;
const MB = 1_000_000;

/** What was made. */
export interface CorpusScene {
  readonly folder: string;
  /** Names of the datasets that there can be. */
  readonly good: readonly string[];
  readonly broken: string;
  /** Mends the broken archive. */
  mend(): Promise<void>;
}

async function subreddit(folder: string, at: number): Promise<string> {
  const kind = at % 3 === 2 ? 'submissions' : 'comments';
  const name = `sub${String(at).padStart(2, '0')}_${kind}`;
  const bytes = 100_000 + at * 20_000;
  await generateArchive({ kind, era: '2023', bytes, seed: 500 + at }, path.join(folder, `${name}.zst`));
  return name;
}

/** 29 archives: of two minutes of subreddits, one of 9 MB as text, one of 70 MB in a few KB, one that is cut off. */
export async function corpusScene(folder: string): Promise<CorpusScene> {
  mkdirSync(path.join(folder, 'deeper'), { recursive: true });
  const good: string[] = [];
  for (let at = 0; at < small; at++)
    good.push(await subreddit(at % 5 === 0 ? path.join(folder, 'deeper') : folder, at));
  const large = { kind: 'comments', era: '2023', bytes: 9 * MB, seed: 7, packing: 'plain' } as const;
  await generateArchive(large, path.join(folder, 'RC_2023-01.ndjson'));
  const line =
    '{"id":"a","body":"b","link_id":"t3_c","parent_id":"t3_c","author":"d","created_utc":1700000000,"score":1}\n';
  const blank = Buffer.concat([Buffer.from(line), Buffer.alloc(70 * MB, '\n')]);
  writeFileSync(path.join(folder, 'grown_comments.zst'), zlib.zstdCompressSync(blank));
  const broken = path.join(folder, 'broken_comments.zst');
  const whole = { kind: 'comments', era: '2023', bytes: 300_000, seed: 99 } as const;
  const { compressedBytes } = await generateArchive(whole, broken);
  truncateSync(broken, Math.floor(compressedBytes / 2));
  good.push('RC_2023-01', 'grown_comments');
  return {
    folder,
    good,
    broken,
    async mend() {
      await generateArchive(whole, broken);
    },
  };
}
