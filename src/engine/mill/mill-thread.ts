/** Entry of a mill thread (`worker_threads`): wraps a StripeMill in the protocol. */
import { parentPort, workerData } from 'node:worker_threads';
import { assertNever } from '../../core/errors.ts';
import type { FromMill, MillThreadData, ToMill } from './protocol.ts';
import { StripeMill } from './stripe-mill.ts';

const port = parentPort;
if (port === null)
  throw new TypeError('mill-thread is the entry of a worker thread; it does nothing on a main thread');

const { options, batchLines } = workerData as MillThreadData;
const mill = new StripeMill(options);
/** Lines since the last whole batch. */
let batchRemainder = 0;

port.on('message', (message: ToMill) => {
  switch (message.type) {
    case 'start':
      mill.start(message.offset);
      break;
    case 'block': {
      const started = performance.now();
      const linesBefore = mill.lineCount;
      const rejectsBefore = mill.rejectCount;
      mill.write(new Uint8Array(message.memory, message.start, message.end - message.start));
      const lines = mill.lineCount - linesBefore;
      const batch = Atomics.load(batchLines, 0);
      const batches = Math.floor((batchRemainder + lines) / batch);
      batchRemainder = (batchRemainder + lines) % batch;
      port.postMessage({
        type: 'block-done',
        slot: message.slot,
        lines,
        rejects: mill.rejectCount - rejectsBefore,
        batches,
        busyMs: performance.now() - started,
      } satisfies FromMill);
      break;
    }
    case 'finish': {
      const milled = mill.finish(message.dropTail);
      const raws = milled.rejects[0]?.raw.buffer; // one for all
      port.postMessage({ type: 'stripe', milled } satisfies FromMill, [
        milled.encoded.bytes.buffer,
        ...(raws === undefined ? [] : [raws]),
      ]);
      break;
    }
    default:
      assertNever(message);
  }
});
