/** A remote object as bytes that are waited for: a thread of its own reads, ahead too, while this one decodes what it has. */
import type { Worker } from 'node:worker_threads';
import { ThreadmillError } from '../../core/errors.ts';
import { startThread } from '../thread.ts';
import type { ByteSource } from './byte-source.ts';
import {
  countAt,
  failed,
  stateAt,
  waiting,
  type FailedText,
  type OpenedText,
  type ToReader,
} from './reader-protocol.ts';

/** What one question brings: two milliseconds of decoding, beside which the question is nothing. */
const dataBytes = 2 * 1024 * 1024;
/** The reader gives up by itself after six tries of thirty silent seconds; this is for one that has died. */
const answerMsMax = 300_000;
/** The SDK takes 20 MB of it; the ranges lie outside. */
const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 };

/** One for this thread, for all its sources. It keeps no process alive, and ends with the thread that it reads for. */
let reader: Worker | null = null;
let sources = 0;

function readerThread(): Worker {
  if (reader !== null) return reader;
  const started = startThread('storage/reader-thread', {
    workerData: null,
    resourceLimits,
    onError: () => {
      if (reader === started) reader = null;
    },
  });
  started.unref();
  reader = started;
  return started;
}

export class RemoteSource implements ByteSource {
  private readonly place: string;
  private readonly id = ++sources;
  private readonly control = new Int32Array(new SharedArrayBuffer(8));
  private readonly data = new Uint8Array(new SharedArrayBuffer(dataBytes));
  private readonly opened: OpenedText;
  /** What `data` holds: bytes [from, to) of the object. */
  private from = 0;
  private to = 0;

  constructor(place: string) {
    this.place = place;
    const [control, data] = [this.control.buffer, this.data.buffer];
    const count = this.ask({ type: 'open', source: this.id, place, control, data });
    this.opened = JSON.parse(this.text(count)) as OpenedText;
  }

  size(): number {
    return this.opened.bytes;
  }

  modifiedMs(): number {
    return this.opened.modifiedMs;
  }

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    if (position >= this.opened.bytes || length <= 0) return 0;
    if (position < this.from || position >= this.to) {
      this.from = this.to = position;
      this.to += this.ask({ type: 'read', source: this.id, position });
    }
    const start = position - this.from;
    const count = Math.min(length, this.to - position);
    target.set(this.data.subarray(start, start + count), offset);
    return count;
  }

  close(): void {
    readerThread().postMessage({ type: 'close', source: this.id } satisfies ToReader);
  }

  /** Waits for the answer; gives its number. */
  private ask(message: ToReader): number {
    const { control } = this;
    Atomics.store(control, stateAt, waiting);
    readerThread().postMessage(message);
    if (Atomics.wait(control, stateAt, waiting, answerMsMax) === 'timed-out') {
      throw new ThreadmillError(
        'STORAGE_UNAVAILABLE',
        `Cannot read ${JSON.stringify(this.place)}: no answer for ${answerMsMax / 60_000} minutes; check the network`,
        { facts: { path: this.place } },
      );
    }
    const count = Atomics.load(control, countAt);
    if (Atomics.load(control, stateAt) === failed) throw errorOf(JSON.parse(this.text(count)) as FailedText);
    return count;
  }

  private text(bytes: number): string {
    return Buffer.from(this.data.slice(0, bytes)).toString('utf8');
  }
}

function errorOf({ known, code, message, facts }: FailedText): Error {
  if (known !== null) return new ThreadmillError(known, message, { facts });
  const error = new Error(message);
  return code === null ? error : Object.assign(error, { code });
}
