/** Spills as a thread opens them, bucket after bucket: those of a store are fetched before, as far as the bucket needs them. */
import { isRemote } from '../../core/places.ts';
import { Hold } from './hold.ts';
import { RemoteSpill } from './spill-bytes.ts';
import { SpillReader } from './spill-file.ts';

/** Remote spills that stay open, each with its last 64 KiB: what finds a bucket's blocks in it. */
const keptMax = 256;
/** Fetched side by side. Each waits, and few of them move many bytes. */
const sideBySide = 4;

interface Spill {
  readonly path: string;
  readonly bytes: number;
}

export class SpillShelf {
  private readonly hold = new Hold();
  private readonly kept = new Map<string, RemoteSpill>();
  private ready = new Map<string, RemoteSpill>();

  /**
   * Fetches what a bucket needs of remote spills, all of it. Memory: 64 MiB; what is more stands in a temporary file.
   *
   * @throws {ThreadmillError} DATASET_INVALID where one is missing, of another size or damaged; STORAGE_*
   */
  async prepare(
    { spills, buckets }: { readonly spills: readonly Spill[]; readonly buckets: number },
    bucket: number,
  ): Promise<void> {
    for (const source of this.ready.values()) source.drop();
    this.ready = new Map();
    this.hold.empty();
    const rest = spills.filter(({ path }) => isRemote(path));
    const work = async (): Promise<void> => {
      for (let spill = rest.shift(); spill !== undefined; spill = rest.shift()) {
        const { path, bytes } = spill;
        const source = this.kept.get(path) ?? (await RemoteSpill.open(path, bytes, this.hold));
        if (this.kept.size < keptMax) this.kept.set(path, source);
        const reader = new SpillReader(path, bytes, buckets, source);
        await reader.loadBlocks(bucket);
        await reader.load(reader.blocks(bucket));
        this.ready.set(path, source);
      }
    };
    await Promise.all(Array.from({ length: Math.min(sideBySide, rest.length) }, work));
  }

  /** A spill to be read, and closed; a remote one was prepared. @throws {ThreadmillError} DATASET_INVALID */
  open({ path, bytes }: Spill, { buckets }: { readonly buckets: number }): SpillReader {
    return new SpillReader(path, bytes, buckets, this.ready.get(path));
  }

  /** To be called where other spills may stand in the same places. */
  clear(): void {
    this.kept.clear();
    this.ready.clear();
    this.hold.close();
  }
}
