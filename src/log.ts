/** Logs: pino, one line an event, with the job, run, segment and attempt that it belongs to. */
import type { Logger } from '@temporalio/common';
import { DefaultLogger, type ActivityInterceptors, type LogEntry } from '@temporalio/worker';
import { pino, stdSerializers, type DestinationStream, type Logger as PinoLogger } from 'pino';
import type { LogLevel } from './settings.ts';

export interface LogOptions {
  readonly level: LogLevel;
  /** Readable lines instead of JSON. */
  readonly pretty: boolean;
  /** Whose lines they are, where several workers write to one place. */
  readonly worker?: string;
  /** Takes readable lines, without their end; goes before `destination`. */
  readonly logTo?: ((line: string) => void) | undefined;
  /** Default: standard error, so that standard output stays data. */
  readonly destination?: DestinationStream;
}

const standardError = 2;
/** Of one process on one screen. */
const unread = 'pid,worker,hostname';

/** A logger of the process. Synchronous: the last lines before a crash are the ones that are wanted. */
export async function createLogger({
  level,
  pretty,
  worker,
  destination,
  logTo,
}: LogOptions): Promise<PinoLogger> {
  const base = worker === undefined ? { pid: process.pid } : { pid: process.pid, worker };
  const options = { level, base, serializers: { error: stdSerializers.err } };
  if (logTo !== undefined) {
    const { prettyFactory } = await import('pino-pretty');
    const readable = prettyFactory({ ignore: unread });
    return pino(options, {
      write: (line) => {
        logTo(readable(line).trimEnd());
      },
    });
  }
  if (destination !== undefined) return pino(options, destination);
  if (!pretty) return pino(options, pino.destination({ fd: standardError, sync: true }));
  const { default: prettyStream } = await import('pino-pretty');
  return pino(options, prettyStream({ destination: standardError, sync: true, ignore: unread }));
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

/**
 * The fields of a log line: the correlation id first, `<job>/<run>/<segment>/<attempt>`; what is not known is `-`, or
 * left out at the end.
 */
export function logFields(meta: Readonly<Record<string | symbol, unknown>>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(meta)) {
    if (!noise.has(key) && value !== undefined) fields[names[key] ?? key] = value;
  }
  const { job, run, segment, attempt } = fields;
  if (typeof job !== 'string') return fields;
  const pieces = [job, typeof run === 'string' ? run.slice(0, 8) : undefined, segment, attempt];
  const known = pieces.map((piece) => (typeof piece === 'string' || typeof piece === 'number' ? piece : '-'));
  while (known.at(-1) === '-') known.pop();
  return { correlationId: known.join('/'), ...fields };
}

/** The number of the segment on every line of its activity, also on those of the SDK. */
export function activityLogAttributes(): ActivityInterceptors {
  let segment: unknown;
  return {
    inbound: {
      execute: (input, next) => {
        segment = (input.args[0] as { readonly segment?: unknown } | undefined)?.segment;
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (input, next) => next(segment === undefined ? input : { ...input, segment }),
    },
  };
}

export interface FailureTelling {
  /** Whoever waits for the jobs tells their failures, and better: here they are only INFO. */
  readonly failuresAreTold: boolean;
}

/** The SDK reports its own life as INFO; for whoever runs jobs that is DEBUG. */
function levelOf(
  { level, message, meta }: LogEntry,
  { failuresAreTold }: FailureTelling,
): 'trace' | 'debug' | 'info' | 'warn' | 'error' {
  const component: unknown = meta?.['sdkComponent'];
  // a worker of segments only has no workflows, and says so every time
  if (message.startsWith('No workflows registered')) return 'debug';
  // an attempt that is repeated is a warning, a job that has failed an error
  if (message === 'Activity failed') return failuresAreTold ? 'info' : 'warn';
  if (message === 'Workflow failed') return failuresAreTold ? 'info' : 'error';
  if (level === 'INFO' && (component === 'worker' || component === 'core')) return 'debug';
  return level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

/** The SDK's logger, pouring into ours. */
export function temporalLogger(
  logger: PinoLogger,
  telling: FailureTelling = { failuresAreTold: false },
): Logger {
  return new DefaultLogger('DEBUG', (entry) => {
    logger[levelOf(entry, telling)](logFields(entry.meta ?? {}), entry.message);
  });
}
