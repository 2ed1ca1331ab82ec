/** The keys that payloads are encrypted under. */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import type { Secret } from '../core/secret.ts';

export interface PayloadKey {
  /** Made from the key, so that two machines can't mean two keys by one id; tells nothing of the key. */
  readonly id: string;
  readonly key: KeyObject;
}

/** Of THREADMILL_PAYLOAD_KEY, in its order: the first encrypts, all of them decrypt. None: an empty list. */
export function payloadKeysOf(setting: Secret | null): readonly PayloadKey[] {
  if (setting === null) return [];
  return setting
    .reveal()
    .split(',')
    .map((text) => {
      const bytes = Buffer.from(text.trim(), 'base64');
      const id = createHash('sha256')
        .update('threadmill payload key\0')
        .update(bytes)
        .digest('hex')
        .slice(0, 12);
      return { id, key: createSecretKey(bytes) };
    });
}
