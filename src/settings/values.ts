/** The settings after validation: what every part of the process is given instead of the environment. */
import type { JobSettings } from '../contract/job.ts';
import type { Secret } from '../core/secret.ts';
import type { SplitKey } from '../contract/split.ts';
import type { NameFile, SelectionSettings } from '../contract/selection.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What is absent in a job is null among the settings, which name files that nobody has read yet. */
type OrNull<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined | NameFile> | null };

/**
 * Every setting, valid. The keys of `JobSettings` keep its names and units (`partMib` stands for `partBytes`);
 * `null` means that threadmill chooses. Paths are as given, relative ones to the working folder.
 */
export interface SettingsValues
  extends
    Omit<
      JobSettings,
      'partBytes' | 'baseBatchSize' | 'columns' | 'extra' | 'splitBy' | keyof SelectionSettings
    >,
    OrNull<SelectionSettings> {
  /** Null: all. */
  readonly columns: readonly string[] | null;
  readonly extra: boolean;
  /** Null: the rows are not split. */
  readonly splitBy: SplitKey | null;
  readonly partMib: number;
  /** Lines; null: by the archive's size on disk. */
  readonly baseBatchSize: number | null;

  /** The embedded server keeps its state in a file. */
  readonly checkpointPersistence: boolean;
  /** Folder of that file. */
  readonly checkpointStorage: string;
  /** Milliseconds between runs of the clean-up workflow. */
  readonly checkpointCleanupInterval: number;
  /** Milliseconds that closed jobs are kept. */
  readonly checkpointRetentionPeriod: number;

  readonly out: string;
  /** A worker writes below its own `out` only, whatever a job says. */
  readonly confineOut: boolean;
  /** `host:port` of a Temporal server; null: the embedded one. */
  readonly address: string | null;
  /** null: that of the Temporal profile, else `default`. */
  readonly namespace: string | null;
  readonly taskQueue: string;
  /** Of the embedded server; null: 7233, or a free one. A given one has to be free. */
  readonly port: number | null;
  /** Of the embedded server's Web UI; null: 8233, or a free one. */
  readonly uiPort: number | null;
  readonly dataDir: string;
  /** Keys of 32 bytes as base64, commas between; the first encrypts, all decrypt. Null: payloads are plain. */
  readonly payloadKey: Secret | null;
  readonly logLevel: LogLevel;
  /** Port, or `host:port`, at which a worker serves its metrics; null: nowhere. */
  readonly metricsAddress: string | null;
  /** Path of a Temporal CLI to use as the embedded server; null: found, or fetched into `dataDir`. */
  readonly temporalCli: string | null;
  /** Mill threads; null: by the machine's cores. */
  readonly threads: number | null;
}

export type SettingKey = keyof SettingsValues;

/** Where a value came from; `text` is for people, e.g. `flag --min-batch-size`. */
export interface SettingSource {
  readonly kind: 'flag' | 'file' | 'environment' | 'dotenv' | 'default';
  readonly text: string;
}
