/** Entry of the decoder thread (`worker_threads`): fills blocks in the order in which they come. */
import { parentPort, workerData } from 'node:worker_threads';
import { ThreadmillError } from '../../core/errors.ts';
import { openReader, type TextReader } from './open-reader.ts';
import type { DecoderPosition, DecoderThreadData, FromDecoder, ToDecoder } from './decoder-protocol.ts';

const port = parentPort;
if (port === null)
  throw new TypeError('decoder-thread is the entry of a worker thread; it does nothing on a main thread');

/** Decompressed bytes between two reports on the way to the first byte that is wanted: a tenth of a second. */
const skipReportBytes = 64 * 1024 * 1024;

const { path, container, fileBytes, from, skipTo, salvage } = workerData as DecoderThreadData;
const say = (message: FromDecoder): void => {
  port.postMessage(message);
};
let reader: TextReader | null = null;
let over = false;

function position(archive: TextReader): DecoderPosition {
  const { compressedOffset, decompressedOffset, windowBytes, holes } = archive;
  return { compressedOffset, decompressedOffset, windowBytes, frames: archive.takeFrames(), holes };
}

/** Decodes up to `skipTo` without keeping a byte; `scratch` is overwritten. */
function skip(archive: TextReader, scratch: Uint8Array): void {
  let reported = archive.decompressedOffset;
  while (archive.decompressedOffset < skipTo) {
    const rest = skipTo - archive.decompressedOffset;
    if (archive.read(rest < scratch.length ? scratch.subarray(0, rest) : scratch) === 0) return;
    if (archive.decompressedOffset - reported < skipReportBytes) continue;
    reported = archive.decompressedOffset;
    say({ type: 'skipped', position: position(archive) });
  }
}

function fill({ slot, memory }: ToDecoder): void {
  const block = new Uint8Array(memory);
  if (reader === null) {
    reader = openReader(path, container, { from, salvage, fileBytes });
    skip(reader, block);
  }
  const bytes = reader.read(block);
  if (bytes > 0) {
    say({ type: 'filled', slot, bytes, position: position(reader) });
    return;
  }
  over = true;
  say({ type: 'end', slot, damage: reader.damage, position: position(reader) });
  reader.close();
}

port.on('message', (message: ToDecoder) => {
  if (over) return;
  try {
    fill(message);
  } catch (error) {
    over = true;
    reader?.close();
    const known = error instanceof ThreadmillError ? error : null;
    say({
      type: 'failed',
      code: known?.code ?? null,
      message: error instanceof Error ? error.message : String(error),
      facts: known?.facts ?? {},
    });
  }
});
