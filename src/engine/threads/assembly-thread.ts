/** Entry of an assembly's thread (`worker_threads`): one bucket at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { packError } from '../pipeline/thread-error.ts';
import { buildBucket } from './build-bucket.ts';
import { BucketMemory } from './bucket.ts';
import type { AssemblerData, FromAssembler, ToAssembler } from './protocol.ts';

const port = parentPort;
if (port === null)
  throw new TypeError('assembly-thread is the entry of a worker thread; it does nothing on a main thread');

const { options, stop } = workerData as AssemblerData;

const memory = new BucketMemory();

class Stopped extends Error {}

function checkStop(): void {
  if (Atomics.load(stop, 0) !== 0) throw new Stopped();
}

async function assemble(bucket: number): Promise<FromAssembler> {
  try {
    checkStop();
    return { type: 'done', entry: await buildBucket({ ...options, checkStop }, bucket, memory) };
  } catch (error) {
    if (error instanceof Stopped) return { type: 'stopped' };
    return { type: 'failed', error: packError(error) };
  }
}

port.on('message', ({ bucket }: ToAssembler) => {
  void assemble(bucket).then((answer) => {
    port.postMessage(answer);
  });
});
