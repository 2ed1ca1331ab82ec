/** The library. */
import type { JobSettings } from './contract/job.ts';
import type { DataConverter } from '@temporalio/common';
import type { ClientOptions } from './library/client-types.ts';
import { resolvePlace } from './engine/storage/place.ts';
import { ThreadmillClient } from './library/threadmill-client.ts';
import { dataConverterOf } from './payloads/data-converter.ts';
import { connectClient, resolveServer, type ResolvedServer } from './server/connection.ts';
import type { WorkerHandle } from './worker.ts';
import { readPayloadKey, resolveSettings, toJobSettings, type SettingsValues } from './settings.ts';

export type {
  ArchiveJobInput,
  JobProgress,
  JobResult,
  JobSettings,
  OutputFormat,
  ResourceStats,
} from './contract/job.ts';
export type { ReframeResult } from './contract/reframe.ts';
export type { ReframeOptions, StartedReframe } from './library/reframe-jobs.ts';
export { ThreadmillError, type ErrorCode, type ErrorFacts } from './core/errors.ts';
export type { ThreadCounts } from './contract/threads.ts';
export type { Counters, ExcludeRule, RejectReason } from './core/fates.ts';
export type { JobSummary } from './library/job-summary.ts';
export type {
  ActiveJob,
  ClientOptions,
  StartOptions,
  StartedJob,
  WaitOptions,
} from './library/client-types.ts';
export { ThreadmillClient } from './library/threadmill-client.ts';
export { defaultJobSettings } from './settings.ts';
export type { WorkerHandle } from './worker.ts';

/**
 * For a Temporal client of your own, where workers have a THREADMILL_PAYLOAD_KEY:
 * `new Client({ connection, dataConverter: payloadEncryption(process.env.THREADMILL_PAYLOAD_KEY) })`. Without a key it
 * encrypts nothing, and what is encrypted is an error with the code PAYLOAD_UNREADABLE.
 *
 * @param key as the setting: 32 bytes as base64, or several with commas between, the one to encrypt with first
 * @throws {ThreadmillError} SETTINGS_INVALID where it is none
 */
export function payloadEncryption(key?: string): DataConverter {
  return dataConverterOf(key === undefined ? null : readPayloadKey(key), 'throw');
}

/** A client with the connection, and the hold on the embedded server, that were made for it. */
export class ConnectedThreadmill extends ThreadmillClient {
  /** The server in use. */
  readonly server: ResolvedServer;
  private readonly values: SettingsValues;

  constructor(
    options: ClientOptions,
    connected: { readonly server: ResolvedServer; readonly values: SettingsValues },
  ) {
    super(options);
    this.server = connected.server;
    this.values = connected.values;
  }

  /**
   * Starts a worker in this process: jobs go on only while one runs somewhere. Shut it down before `close()`.
   *
   * @throws {ThreadmillError} SERVER_UNREACHABLE
   */
  async startWorker(): Promise<WorkerHandle> {
    const { startWorker } = await import('./worker.ts');
    return startWorker({ values: this.values, server: this.server, failuresAreTold: true });
  }

  /** Closes the connection and lets go of the embedded server, which stops when nobody else uses it. */
  async close(): Promise<void> {
    await this.client.connection.close();
    await this.server.close();
  }
}

export interface ConnectOptions {
  /** Every setting, validated; default: from the environment and `.env`. */
  readonly values?: SettingsValues;
  /** Told what takes time: a server that is built or started. */
  readonly onProgress?: (message: string) => void;
}

/**
 * A client of the cluster that the settings name, else of the embedded server, which is started when it does not run.
 * End it with `close()`.
 *
 * @throws {ThreadmillError} SETTINGS_INVALID, SERVER_UNREACHABLE, SERVER_UNAVAILABLE
 */
export async function connectThreadmill(options: ConnectOptions = {}): Promise<ConnectedThreadmill> {
  const values = options.values ?? resolveSettings().values;
  const server = await resolveServer({
    dataDir: values.checkpointStorage,
    persistence: values.checkpointPersistence,
    retentionMs: values.checkpointRetentionPeriod,
    address: values.address ?? undefined,
    namespace: values.namespace ?? undefined,
    port: values.port ?? undefined,
    uiPort: values.uiPort ?? undefined,
    temporalCli: values.temporalCli ?? undefined,
    onProgress: options.onProgress,
  });
  try {
    const client = await connectClient(server, {
      dataConverter: dataConverterOf(values.payloadKey, 'throw'),
    });
    const settings: JobSettings = toJobSettings(values);
    const out = resolvePlace(values.out);
    return new ConnectedThreadmill(
      { client, taskQueue: values.taskQueue, settings, out, uiUrl: server.uiUrl },
      { server, values },
    );
  } catch (error) {
    await server.close();
    throw error;
  }
}
