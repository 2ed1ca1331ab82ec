/** A bucket's values on their way to files: any number of them at a time, then all of them at once into their places. */
import { join } from 'node:path';
import type { OutputFormat } from '../../contract/job.ts';
import {
  splitExtension,
  splitFolder,
  tablesFolder,
  valuesPiece,
  type SplitKey,
} from '../../contract/split.ts';
import type { ThreadCounts, ValuesEntry } from '../../contract/threads.ts';
import { requireClaim } from '../dataset/claim.ts';
import { AtomicFile } from '../output/atomic-file.ts';
import type { PartFraming } from '../output/format.ts';
import { GroupedFile } from '../output/grouped-file.ts';
import { fileStem } from './file-name.ts';
import { ValueFolder, type ValueFile } from './value-folder.ts';
import { valueLine, type ValueEntry } from '../dataset/value-list.ts';

export interface ValueWriterOptions {
  readonly folder: string;
  /** Must hold the folder's claim when the files appear. */
  readonly jobId: string;
  readonly bucket: number;
  readonly by: SplitKey;
  readonly format: OutputFormat;
  readonly framing: PartFraming;
  /** Null: there is no thread table. */
  readonly tableFraming: PartFraming | null;
}

/** The files of a value that take rows. */
export interface OpenValue {
  readonly value: string | null;
  readonly rows: GroupedFile<ValueFile>;
  readonly table: GroupedFile<ValueFile> | null;
}

/** What the list says of a value's rows. */
export type ValueCounts = Pick<ValueEntry, 'rows' | 'threads' | 'tombstones'>;

/** Values have to end in their order. Memory: some hundred bytes for each that has ended, a MiB for each that is open. */
export class ValueWriter {
  private readonly options: ValueWriterOptions;
  private readonly files: ValueFolder;
  private readonly lines: string[] = [];

  /** @throws ThreadmillError OUTPUT_DENIED, DISK_FULL, as every method here. */
  constructor(options: ValueWriterOptions) {
    this.options = options;
    const { folder, bucket, by, tableFraming } = options;
    const folders = [splitFolder(by), ...(tableFraming === null ? [] : [tablesFolder])];
    this.files = new ValueFolder(folder, bucket, folders);
  }

  /** `value`: null where the rows have none. */
  async begin(value: string | null): Promise<OpenValue> {
    const { by, format, framing, tableFraming } = this.options;
    const name = `${fileStem(value)}.${splitExtension(format)}`;
    const begin = (folder: string, of: PartFraming): Promise<GroupedFile<ValueFile>> =>
      GroupedFile.begin(this.files.begin(join(folder, name)), of);
    return {
      value,
      rows: await begin(splitFolder(by), framing),
      table: tableFraming === null ? null : await begin(tablesFolder, tableFraming),
    };
  }

  async end({ value, rows, table }: OpenValue, counts: ValueCounts): Promise<void> {
    const said = { 'threadmill.split': JSON.stringify({ by: this.options.by, value, ...counts }) };
    await table?.end(said);
    await rows.end(said);
    const tableFile = table === null ? {} : { table: this.files.end(table.file) };
    this.lines.push(valueLine({ value, ...this.files.end(rows.file), ...counts, ...tableFile }));
  }

  /** Makes all files appear, their list last: where it stands, all of the bucket does. */
  async commit(counts: ThreadCounts): Promise<ValuesEntry> {
    const { folder, jobId, bucket } = this.options;
    await requireClaim(folder, jobId);
    await this.files.commit();
    const file = valuesPiece(bucket);
    const list = await AtomicFile.create(join(folder, file));
    try {
      for (const line of this.lines) await list.write(Buffer.from(line));
      const digest = await list.commit();
      return { index: bucket, ...counts, values: this.lines.length, file, ...digest };
    } finally {
      await list.abort();
    }
  }

  /** Removes what was not committed; may be called at any time. */
  abort(): void {
    this.files.abort();
  }
}
