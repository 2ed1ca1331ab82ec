/** What of a worker belongs to the process and can be set once: where its logs go, and where its metrics are scraped. */
import { hostname } from 'node:os';
import { Runtime, type RuntimeOptions } from '@temporalio/worker';
import type { Logger, MetricMeter } from '@temporalio/common';
import { batchSecondsBounds } from './activities/job-metrics.ts';
import { ThreadmillError } from './core/errors.ts';
import { createLogger, temporalLogger } from './log.ts';
import type { SettingsValues } from './settings.ts';

export interface WorkerRuntime {
  readonly logger: Logger;
  /** Does nothing where nobody scrapes. */
  readonly meter: MetricMeter;
}

export interface RuntimeSettings {
  readonly values: SettingsValues;
  /** Whoever waits for the jobs in this process tells their failures. */
  readonly failuresAreTold: boolean;
  /** Where readable lines of the log go instead of to standard error. */
  readonly logTo?: ((line: string) => void) | undefined;
}

let installed: Promise<WorkerRuntime> | null = null;

/**
 * Installs it with the first call; a later one gets what there is. Signals stay the command line's.
 *
 * @throws {ThreadmillError} SETTINGS_INVALID where metrics can't be served at the address
 */
export function installRuntime(settings: RuntimeSettings): Promise<WorkerRuntime> {
  installed ??= install(settings).catch((error: unknown) => {
    installed = null;
    throw error;
  });
  return installed;
}

/** As the Web UI and the server name it: of the lines of several workers it says whose they are. */
export function workerIdentity(): string {
  return `${process.pid}@${hostname()}`;
}

async function install({ values, failuresAreTold, logTo }: RuntimeSettings): Promise<WorkerRuntime> {
  const { logLevel, metricsAddress } = values;
  const worker = workerIdentity();
  const pino = await createLogger({ level: logLevel, pretty: process.stderr.isTTY, worker, logTo });
  const logger = temporalLogger(pino, { failuresAreTold });
  try {
    Runtime.install({ logger, shutdownSignals: [], ...telemetry(metricsAddress) });
    const { metricMeter: meter } = Runtime.instance();
    return { logger, meter };
  } catch (cause) {
    if (metricsAddress === null || !(cause instanceof Error)) throw cause;
    throw new ThreadmillError(
      'SETTINGS_INVALID',
      `Cannot serve metrics at ${JSON.stringify(metricsAddress)}: ${cause.message}; each worker of a machine needs a ` +
        'port of its own: give another THREADMILL_METRICS_ADDRESS, or leave it out',
      { facts: { metricsAddress }, cause },
    );
  }
}

/**
 * What the native half of the SDK has to say goes through our logger: by itself it writes to standard output, into the JSON
 * of whoever reads it. Metrics of the SDK and of ours stand on one page, named as Prometheus has it: `_total`, and seconds.
 */
function telemetry(address: string | null): RuntimeOptions {
  const logging = { forward: {} };
  if (address === null) return { telemetryOptions: { logging } };
  const histogramBucketOverrides = { threadmill_batch_seconds: [...batchSecondsBounds] };
  const naming = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
  const prometheus = { bindAddress: bindAddress(address), ...naming, histogramBucketOverrides };
  return { telemetryOptions: { logging, metrics: { prometheus } } };
}

/** A port alone is one of this machine's own; the exporter knows no names of hosts. */
function bindAddress(address: string): string {
  const own = '127.0.0.1';
  if (!address.includes(':')) return `${own}:${address}`;
  return address.replace(/^localhost:/i, `${own}:`);
}
