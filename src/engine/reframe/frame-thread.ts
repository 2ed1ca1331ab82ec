/** Entry of a thread (`worker_threads`) that compresses frames, in the order in which they come. */
import { parentPort, workerData } from 'node:worker_threads';
import { constants, createZstdCompress } from 'node:zlib';
import { frameBytesBound } from '../output/zstd-frame.ts';
import { ZlibHandle } from '../zlib/zlib-handle.ts';

export interface FrameThreadData {
  readonly level: number;
  readonly frameBytes: number;
}

/** Text to be compressed, in shared memory. */
export interface ToFrameThread {
  readonly memory: SharedArrayBuffer;
  readonly bytes: number;
}

export type FromFrameThread = Uint8Array<ArrayBuffer>;

const port = parentPort;
if (port === null)
  throw new TypeError('frame-thread is the entry of a worker thread; it does nothing on a main thread');

const { level, frameBytes } = workerData as FrameThreadData;
/**
 * The window reaches over the whole frame: what zstd would choose for the level is 4 MiB, and a fifth larger. Long-distance
 * matching finds nothing more in it, and takes a quarter more time (docs/frames.md).
 */
const params = {
  [constants.ZSTD_c_compressionLevel]: level,
  [constants.ZSTD_c_windowLog]: Math.ceil(Math.log2(frameBytes)),
  [constants.ZSTD_c_checksumFlag]: 1,
};
/**
 * Kept from frame to frame: its tables take longer to get from the system than to clean. A frame's bytes do not depend on
 * those before it (test/engine/reframe/reframe.test.ts).
 */
const handle = new ZlibHandle(createZstdCompress({ params }));
let room = new Uint8Array(0);

port.on('message', ({ memory, bytes }: ToFrameThread) => {
  const bound = frameBytesBound(bytes);
  if (room.length < bound) room = new Uint8Array(bound);
  const { taken, given } = handle.step(constants.ZSTD_e_end, new Uint8Array(memory), 0, bytes, room);
  if (taken !== bytes) throw new RangeError(`zstd took ${taken} of ${bytes} bytes into room for all`);
  const frame: FromFrameThread = room.slice(0, given);
  port.postMessage(frame, [frame.buffer]);
});
