import { createHash } from 'node:crypto';
import { openStored } from '../storage/stored-file.ts';

const chunkBytes = 1024 * 1024;

/** Digest of a file's bytes. */
export interface ReadDigest {
  readonly bytes: number;
  readonly sha256: string;
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gets each chunk; valid until it resolves. */
  readonly onChunk?: ((chunk: Uint8Array) => Promise<void> | void) | undefined;
}

/** Reads a file once, to its end, one MiB in memory; gives what it held. Throws what `node:fs` throws, and on abort. */
export async function readDigest(path: string, { signal, onChunk }: ReadOptions = {}): Promise<ReadDigest> {
  const hash = createHash('sha256');
  const file = await openStored(path);
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let bytes = 0;
    for (;;) {
      signal?.throwIfAborted();
      const bytesRead = await file.read(buffer, bytes);
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
      bytes += bytesRead;
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      await onChunk?.(chunk);
    }
  } finally {
    await file.close();
  }
}
