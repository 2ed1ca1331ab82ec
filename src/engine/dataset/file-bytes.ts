import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

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
  // a pipe gives nothing then, where it would keep us waiting
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let bytes = 0;
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, null);
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
