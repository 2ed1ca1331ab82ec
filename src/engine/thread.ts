/** A worker thread of the engine, started from its source or its compiled file. */
import path from 'node:path';
import { Worker, type ResourceLimits } from 'node:worker_threads';

/**
 * Starts the thread whose entry is `src/engine/<name>`, without extension. `onError` is told when it dies of an error;
 * nothing more comes from it then.
 */
export function startThread(
  name: string,
  options: {
    readonly workerData: unknown;
    readonly resourceLimits: ResourceLimits;
    readonly onError: (error: Error) => void;
  },
): Worker {
  const { workerData, resourceLimits, onError } = options;
  // with the extension of this file: sources run as TypeScript, the package as JavaScript
  const extension = path.extname(import.meta.filename);
  const worker = new Worker(path.join(import.meta.dirname, `${name}${extension}`), {
    workerData,
    resourceLimits,
  });
  worker.on('error', (error: unknown) => {
    onError(error instanceof Error ? error : new Error(String(error)));
  });
  return worker;
}
