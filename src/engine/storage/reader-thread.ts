/** Entry of the thread (`worker_threads`) that reads remote objects for one that waits. */
import { parentPort } from 'node:worker_threads';
import { ThreadmillError } from '../../core/errors.ts';
import type { RangeReader } from './range-reader.ts';
import { openRemoteFile } from './remote-file.ts';
import {
  countAt,
  done,
  failed,
  stateAt,
  type FailedText,
  type OpenedText,
  type ToReader,
} from './reader-protocol.ts';

const port = parentPort;
if (port === null)
  throw new TypeError('reader-thread is the entry of a worker thread; it does nothing on a main thread');

interface Source {
  readonly control: Int32Array;
  readonly data: Uint8Array;
  file: RangeReader | null;
}

const sources = new Map<number, Source>();

function answer({ control }: Source, state: number, count: number): void {
  Atomics.store(control, countAt, count);
  Atomics.store(control, stateAt, state);
  Atomics.notify(control, stateAt);
}

function answerText(source: Source, state: number, value: OpenedText | FailedText): void {
  const text = Buffer.from(JSON.stringify(value)).subarray(0, source.data.length);
  source.data.set(text);
  answer(source, state, text.length);
}

async function open(source: Source, place: string): Promise<void> {
  source.file = await openRemoteFile(place);
  const { bytes, modifiedMs } = source.file;
  answerText(source, done, { bytes, modifiedMs });
}

async function read(source: Source, position: number): Promise<void> {
  if (source.file === null) throw new TypeError('Cannot read a source that is not open');
  answer(source, done, await source.file.read(source.data, position));
}

async function serve(message: ToReader): Promise<void> {
  const { source: id } = message;
  if (message.type === 'open') {
    const { control, data } = message;
    sources.set(id, { control: new Int32Array(control), data: new Uint8Array(data), file: null });
  }
  const source = sources.get(id);
  if (source === undefined) return;
  if (message.type === 'close') {
    sources.delete(id);
    await source.file?.close();
    return;
  }
  try {
    await (message.type === 'open' ? open(source, message.place) : read(source, message.position));
  } catch (error) {
    const known = error instanceof ThreadmillError ? error : null;
    const { code, message: text } = error as NodeJS.ErrnoException;
    answerText(source, failed, {
      known: known?.code ?? null,
      code: known === null ? (code ?? null) : null,
      message: text,
      facts: known?.facts ?? {},
    });
  }
}

port.on('message', (message: ToReader) => {
  void serve(message);
});
