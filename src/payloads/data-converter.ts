/** How values become what Temporal keeps, and back: the same for client, worker and library. */
import path from 'node:path';
import type { DataConverter, LoadedDataConverter } from '@temporalio/common';
import type { Secret } from '../core/secret.ts';
import { PayloadCipher, type WhenUnreadable } from './payload-cipher.ts';
import { payloadKeysOf } from './payload-keys.ts';

/** The file that makes messages and stacks of failures payloads, so that they are encrypted too. */
export const encodedFailuresPath = path.join(
  import.meta.dirname,
  `encoded-failures${path.extname(import.meta.filename)}`,
);

/** For a client, which throws, or a worker, which marks what it can't read (see `PayloadCipher`). */
export function dataConverterOf(payloadKey: Secret | null, whenUnreadable: WhenUnreadable): DataConverter {
  return {
    payloadCodecs: [new PayloadCipher(payloadKeysOf(payloadKey), whenUnreadable)],
    ...(payloadKey === null ? {} : { failureConverterPath: encodedFailuresPath }),
  };
}

/**
 * A client's own converter, with marks in place of errors: for what has many values, of which some may be a stranger's. One
 * without a cipher gets one without keys: what is encrypted is then told as such.
 */
export function tolerant(loaded: LoadedDataConverter): LoadedDataConverter {
  const codecs = loaded.payloadCodecs.map((codec) =>
    codec instanceof PayloadCipher ? codec.tolerant() : codec,
  );
  const known = codecs.some((codec) => codec instanceof PayloadCipher);
  return { ...loaded, payloadCodecs: known ? codecs : [...codecs, new PayloadCipher([], 'mark')] };
}
