/** Entry of a thread (`worker_threads`) that looks at one archive and ends: it waits for bytes, which a worker's own thread must not. */
import { parentPort, workerData } from 'node:worker_threads';
import { packError } from '../pipeline/thread-error.ts';
import { inspectArchive } from './inspect.ts';
import type { FromLook, LookData } from './look.ts';

const port = parentPort;
if (port === null)
  throw new TypeError('look-thread is the entry of a worker thread; it does nothing on a main thread');

const { place, options } = workerData as LookData;

async function look(): Promise<FromLook> {
  try {
    return { type: 'found', inspection: await inspectArchive(place, options) };
  } catch (error) {
    return { type: 'failed', error: packError(error) };
  }
}

port.postMessage(await look());
process.exit(); // of this thread: the one that reads for it ends with it
