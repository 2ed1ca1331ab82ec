/** A new object: a multipart upload while it is written, which appears when that is completed. */
import { createHash } from 'node:crypto';
import { ThreadmillError } from '../../core/errors.ts';
import type { FileDigest, FileSink } from './file-sink.ts';
import { RangeReader } from './range-reader.ts';
import { ask } from './s3-client.ts';
import { openS3Object } from './s3-object.ts';
import { NothingThereError } from './store-errors.ts';

const MiB = 1024 * 1024;
/** Of the upload, but for its last: a store takes 10,000 of at least 5 MiB, so a file may have 80 GB. */
const partBytes = 8 * MiB;
/** On their way at once; with the one that is filled 32 MiB of memory. */
const partsInFlight = 3;
const chunkBytes = MiB;

/** Parts that arrived, as completion wants to hear of them. */
interface SentPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
  readonly ChecksumCRC32: string | undefined;
}

/** A small file is one request. Of a larger one a killed process leaves an upload, which `abandonUploads` ends. */
export class S3Sink implements FileSink {
  private readonly place: string;
  private part = new Uint8Array(0);
  private filled = 0;
  private parts = 0;
  private upload: Promise<string> | null = null;
  private readonly sent: SentPart[] = [];
  private readonly sending = new Set<Promise<void>>();
  private failure: unknown = null;
  private readonly stop = new AbortController();
  private over = false;

  constructor(place: string) {
    this.place = place;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      const count = Math.min(bytes.length - at, partBytes - this.filled);
      this.room(this.filled + count);
      this.part.set(bytes.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
      if (this.filled === partBytes) await this.send();
    }
  }

  async commit(digest: FileDigest): Promise<void> {
    if (await standsThere(this.place, digest)) {
      await this.abort();
      return;
    }
    if (this.upload === null) await this.putWhole();
    else {
      if (this.filled > 0) await this.send();
      await Promise.all(this.sending);
      this.throwFailure();
      await this.complete(await this.upload, digest);
    }
    this.over = true;
  }

  async abort(): Promise<void> {
    if (this.over) return;
    this.over = true;
    this.stop.abort();
    await Promise.all(this.sending);
    const { upload, place } = this;
    if (upload === null) return;
    try {
      const UploadId = await upload;
      await ask('end the upload of', place, ({ sdk, client }, at) =>
        client.send(new sdk.AbortMultipartUploadCommand({ ...at, UploadId })),
      );
    } catch {
      // whoever publishes or cleans up ends it
    }
  }

  /** Small files are many, so what they take grows as they do. */
  private room(bytes: number): void {
    if (bytes <= this.part.length) return;
    const grown = new Uint8Array(Math.min(partBytes, Math.max(bytes, this.part.length * 2)));
    grown.set(this.part.subarray(0, this.filled));
    this.part = grown;
  }

  private async send(): Promise<void> {
    this.throwFailure();
    this.upload ??= this.begin();
    const upload = await this.upload;
    while (this.sending.size >= partsInFlight) await Promise.race(this.sending);
    this.throwFailure();
    const body = this.part.subarray(0, this.filled);
    this.part = new Uint8Array(0);
    this.filled = 0;
    const sending = this.sendPart(upload, ++this.parts, body).then(
      () => {
        this.sending.delete(sending);
      },
      (error: unknown) => {
        this.failure ??= error;
        this.sending.delete(sending);
      },
    );
    this.sending.add(sending);
  }

  private async begin(): Promise<string> {
    const { UploadId: id } = await ask('write', this.place, async ({ sdk, client }, at) => {
      // what the SDK adds to each part has to be announced here and repeated at the end, unless the user has turned it off
      const summed = (await client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
      const more = summed ? { ChecksumAlgorithm: sdk.ChecksumAlgorithm.CRC32 } : {};
      return client.send(new sdk.CreateMultipartUploadCommand({ ...at, ...more }));
    });
    if (id !== undefined) return id;
    throw new ThreadmillError(
      'STORAGE_REFUSED',
      `Cannot write "${this.place}": its store gives no id for an upload`,
    );
  }

  private async sendPart(UploadId: string, PartNumber: number, Body: Uint8Array): Promise<void> {
    const { ETag, ChecksumCRC32 } = await ask('write', this.place, ({ sdk, client }, at) =>
      client.send(new sdk.UploadPartCommand({ ...at, UploadId, PartNumber, Body }), {
        abortSignal: this.stop.signal,
      }),
    );
    this.sent.push({ PartNumber, ETag, ChecksumCRC32 });
  }

  private async putWhole(): Promise<void> {
    const Body = this.part.subarray(0, this.filled);
    await ask('write', this.place, ({ sdk, client }, at) =>
      client.send(new sdk.PutObjectCommand({ ...at, Body })),
    );
  }

  private async complete(UploadId: string, digest: FileDigest): Promise<void> {
    const Parts = this.sent.sort((a, b) => a.PartNumber - b.PartNumber);
    try {
      await ask('write', this.place, ({ sdk, client }, at) =>
        client.send(new sdk.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } })),
      );
    } catch (error) {
      // tried again where only the answer was lost, the upload is gone and the object there
      if (!(await standsThere(this.place, digest).catch(() => false))) throw error;
    }
  }

  private throwFailure(): void {
    if (this.failure !== null) throw this.failure as Error;
  }
}

/** Whether an object holds just this. Reads it only where the size is the same. */
async function standsThere(place: string, { bytes, sha256 }: FileDigest): Promise<boolean> {
  let object;
  try {
    object = await openS3Object(place, false);
  } catch (error) {
    if (error instanceof NothingThereError) return false;
    throw error;
  }
  if (object.bytes !== bytes) return false;
  const reader = new RangeReader(object);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  try {
    for (let at = 0; at < bytes;) {
      const count = await reader.read(buffer, at);
      hash.update(buffer.subarray(0, count));
      at += count;
    }
  } finally {
    await reader.close();
  }
  return hash.digest('hex') === sha256;
}
