/** A file of row groups within the framing of its format, wherever its bytes go. */
import type { EncodedStripe, PartFraming } from './format.ts';

/** Takes the bytes of a file in their order. */
export interface ByteTaker {
  /** Taken so far. */
  readonly bytes: number;
  write(bytes: Uint8Array): Promise<void> | void;
}

export class GroupedFile<T extends ByteTaker> {
  readonly file: T;
  private readonly framing: PartFraming;
  private readonly groups: { offset: number; stripe: { rows: number; meta: unknown }; bytes: number }[] = [];

  private constructor(file: T, framing: PartFraming) {
    this.file = file;
    this.framing = framing;
  }

  /** Begins `file`, which is empty. */
  static async begin<T extends ByteTaker>(file: T, framing: PartFraming): Promise<GroupedFile<T>> {
    await file.write(framing.header());
    return new GroupedFile(file, framing);
  }

  async append({ bytes, rows, meta }: EncodedStripe): Promise<void> {
    if (bytes.length === 0) return;
    this.groups.push({ offset: this.file.bytes, stripe: { rows, meta }, bytes: bytes.length });
    await this.file.write(bytes);
  }

  /** Nothing follows. */
  async end(keyValues: Readonly<Record<string, string>>): Promise<void> {
    await this.file.write(this.framing.footer(this.groups, keyValues));
  }
}
