/** Writes the report of a dataset. */
import { AtomicFile } from '../engine/output/atomic-file.ts';
import { placeIn } from '../engine/storage/place.ts';
import { readFacts } from './dataset-facts.ts';
import { reportPage } from './page.ts';

export interface ReportOptions {
  /** Path of the file; default: `report.html` in the dataset's folder. One that is there is replaced. */
  readonly to?: string;
  /** About as many rows are looked at, at most; of a larger dataset evenly spaced row groups. Default 3 million. */
  readonly rowsMax?: number;
}

export interface WrittenReport {
  readonly file: string;
  readonly bytes: number;
  /** Rows that were looked at, and that there are; 0 where the dataset is no Parquet. */
  readonly looked: number;
  readonly rows: number;
}

/** Some ten seconds on one core. */
export const reportRowsMax = 3_000_000;
export const reportName = 'report.html';

/**
 * Reads a finished dataset and writes its report, one HTML file that needs nothing else. The file appears whole or not at
 * all.
 *
 * @throws {ThreadmillError} DATASET_INVALID; OUTPUT_DENIED, DISK_FULL
 */
export async function writeReport(dataset: string, options: ReportOptions = {}): Promise<WrittenReport> {
  const facts = await readFacts(dataset, { rowsMax: options.rowsMax ?? reportRowsMax });
  const page = Buffer.from(reportPage(facts));
  const path = options.to ?? placeIn(dataset, reportName);
  const file = await AtomicFile.create(path);
  try {
    await file.write(page);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
  const { looked = 0, rows = 0 } = facts.rows ?? {};
  return { file: path, bytes: page.length, looked, rows };
}
