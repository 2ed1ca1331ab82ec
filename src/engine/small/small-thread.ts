/** Entry of a pool's thread (`worker_threads`): one small archive at a time, from its bytes to its manifest. */
import { parentPort, workerData } from 'node:worker_threads';
import { assertNever } from '../../core/errors.ts';
import { packError, unpackError } from '../pipeline/thread-error.ts';
import { makeSmallDataset, SmallWorks } from './make-dataset.ts';
import type { FromSmall, SmallThreadData, ToSmall } from './protocol.ts';
import type { SmallArchive } from './small-archive.ts';

const port = parentPort;
if (port === null)
  throw new TypeError('small-thread is the entry of a worker thread; it does nothing on a main thread');

const { confine } = workerData as SmallThreadData;
const works = new SmallWorks();
let stop = new AbortController();
let asking: PromiseWithResolvers<boolean> | null = null;

function say(message: FromSmall): void {
  port?.postMessage(message);
}

function isRunning(jobId: string): Promise<boolean> {
  asking = Promise.withResolvers();
  say({ type: 'is-running', jobId });
  return asking.promise;
}

async function make(archive: SmallArchive): Promise<FromSmall> {
  const { signal } = stop;
  try {
    return { type: 'made', result: await makeSmallDataset(archive, works, { confine, isRunning, signal }) };
  } catch (error) {
    return signal.aborted ? { type: 'stopped' } : { type: 'failed', error: packError(error) };
  }
}

port.on('message', (message: ToSmall) => {
  switch (message.type) {
    case 'make':
      stop = new AbortController();
      void make(message.archive).then(say);
      break;
    case 'stop':
      stop.abort(new Error('The archive was given up'));
      break;
    case 'running':
      if (message.error === null) asking?.resolve(message.running);
      else asking?.reject(unpackError(message.error));
      asking = null;
      break;
    default:
      assertNever(message);
  }
});
