/** Logs: pino, one line an event, with the job, run, segment and attempt that it belongs to. */
import type { Logger } from '@temporalio/common';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { pino, stdSerializers, type DestinationStream, type Logger as PinoLogger } from 'pino';
import type { LogLevel } from './settings.ts';

export interface LogOptions {
  readonly level: LogLevel;
  /** Readable lines instead of JSON. */
  readonly pretty: boolean;
  /** Default: standard error, so that standard output stays data. */
  readonly destination?: DestinationStream;
}

const standardError = 2;

/** A logger of the process. Synchronous: the last lines before a crash are the ones that are wanted. */
export async function createLogger({ level, pretty, destination }: LogOptions): Promise<PinoLogger> {
  const options = { level, base: { pid: process.pid }, serializers: { error: stdSerializers.err } };
  if (destination !== undefined) return pino(options, destination);
  if (!pretty) return pino(options, pino.destination({ fd: standardError, sync: true }));
  const { default: prettyStream } = await import('pino-pretty');
  return pino(options, prettyStream({ destination: standardError, sync: true, ignore: 'pid,hostname' }));
}

/** What of the SDK's metadata says where a line comes from, under threadmill's names. */
const names: Readonly<Record<string, string>> = {
  workflowId: 'job',
  workflowRunId: 'run',
  runId: 'run',
  segment: 'segment',
  attempt: 'attempt',
  activityType: 'activity',
};
/** What the SDK adds to every line and nobody reads. */
const noise: ReadonlySet<string> = new Set([
  'sdkComponent',
  'namespace',
  'taskQueue',
  'isLocal',
  'workflowType',
  'activityId',
  'parentWorkflowId',
  'durationMs',
  'taskToken',
]);

/** The fields of a log line: the correlation id first, `<job>/<run>/<segment>/<attempt>` as far as they are known. */
export function logFields(meta: Readonly<Record<string | symbol, unknown>>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(meta)) {
    if (!noise.has(key) && value !== undefined) fields[names[key] ?? key] = value;
  }
  const { job, run, segment, attempt } = fields;
  if (typeof job !== 'string') return fields;
  const pieces = [job, typeof run === 'string' ? run.slice(0, 8) : undefined, segment, attempt];
  const known = pieces.filter((piece) => typeof piece === 'string' || typeof piece === 'number');
  const correlationId = known.join('/');
  return { correlationId, ...fields };
}

/** The SDK reports its own life as INFO; for whoever runs jobs that is DEBUG. */
function levelOf({ level, message, meta }: LogEntry): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  const component: unknown = meta?.['sdkComponent'];
  // a worker of segments only has no workflows, and says so every time
  if (message.startsWith('No workflows registered')) return 'debug';
  // told again, better, by whoever waits for the job
  if (message === 'Activity failed' || message === 'Workflow failed') return 'info';
  if (level === 'INFO' && (component === 'worker' || component === 'core')) return 'debug';
  return level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

/** The SDK's logger, pouring into ours. */
export function temporalLogger(logger: PinoLogger): Logger {
  return new DefaultLogger('DEBUG', (entry) => {
    logger[levelOf(entry)](logFields(entry.meta ?? {}), entry.message);
  });
}
