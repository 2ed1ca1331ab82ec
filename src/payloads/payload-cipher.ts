/** Encrypts what goes to Temporal, and decrypts what comes back. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { unreadable } from '../contract/unreadable.ts';
import { ThreadmillError } from '../core/errors.ts';
import type { PayloadKey } from './payload-keys.ts';

/** The name that Temporal's own samples and tools use. */
const encoding = 'binary/encrypted';
const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * What to do with a payload that can't be decrypted. `throw`: a client has asked for it and can do nothing without.
 * `mark`: a worker must not, because what throws in a codec fails the workflow task, which is tried again for ever; it gets
 * an `Unreadable` in its place and decides.
 */
export type WhenUnreadable = 'throw' | 'mark';

/**
 * AES-256-GCM over the whole payload, with a fresh nonce each; the key's id travels beside it and is authenticated with it.
 * Payloads that are not encrypted pass as they are, so that jobs which were started plain go on. Without keys nothing is
 * encrypted, and what is encrypted can't be read.
 */
export class PayloadCipher implements PayloadCodec {
  private readonly keys: readonly PayloadKey[];
  private readonly whenUnreadable: WhenUnreadable;

  constructor(keys: readonly PayloadKey[], whenUnreadable: WhenUnreadable) {
    this.keys = keys;
    this.whenUnreadable = whenUnreadable;
  }

  /** The same keys, and marks in place of errors. */
  tolerant(): PayloadCipher {
    return new PayloadCipher(this.keys, 'mark');
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    const [first] = this.keys;
    return Promise.resolve(
      first === undefined ? payloads : payloads.map((payload) => encrypt(payload, first)),
    );
  }

  /** @throws {ThreadmillError} PAYLOAD_UNREADABLE, unless it marks */
  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws has to come as a rejection
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      if (textOf(payload.metadata?.['encoding']) !== encoding) return payload;
      const found = this.decrypt(payload);
      if (typeof found !== 'string') return found;
      if (this.whenUnreadable === 'throw') throw new ThreadmillError('PAYLOAD_UNREADABLE', found);
      return jsonPayload(unreadable(found));
    });
  }

  /** The payload; a string: why it can't be had. */
  private decrypt({ metadata, data }: Payload): Payload | string {
    const id = textOf(metadata?.['encryption-key-id']);
    const known = this.keys.find((each) => each.id === id);
    if (known === undefined) {
      const mine = this.keys.map((each) => `"${each.id}"`).join(', ');
      return (
        `Cannot decrypt what Temporal keeps: it is encrypted under payload key "${id.slice(0, 40)}", and here is ` +
        `${mine === '' ? 'none' : `only ${mine}`}; set THREADMILL_PAYLOAD_KEY to the key of the job's client and workers`
      );
    }
    try {
      return decrypt(data ?? new Uint8Array(), known);
    } catch {
      // OpenSSL gives no reason for a wrong tag, and there is only one
      return `Cannot decrypt what Temporal keeps: it was changed after it was encrypted under payload key "${id}"; start the job anew`;
    }
  }
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return bytes == null ? '' : Buffer.from(bytes).toString('utf8');
}

function jsonPayload(value: unknown): Payload {
  return { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) };
}

/** What is authenticated beside the payload: it can't be passed off as one under another key, or of another make. */
function associated(id: string): Buffer {
  return Buffer.from(`threadmill 1 ${id}`);
}

function encrypt(payload: Payload, { id, key }: PayloadKey): Payload {
  const nonce = randomBytes(nonceBytes);
  const work = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(associated(id));
  const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
  const data = Buffer.concat([nonce, work.update(plain), work.final(), work.getAuthTag()]);
  return {
    metadata: { encoding: Buffer.from(encoding), 'encryption-key-id': Buffer.from(id) },
    data,
  };
}

/** Nonce, ciphertext, tag. @throws Error where the tag is not right, or there is no room for one */
function decrypt(data: Uint8Array, { id, key }: PayloadKey): Payload {
  const end = data.length - tagBytes;
  const work = createDecipheriv(cipher, key, data.subarray(0, nonceBytes), { authTagLength: tagBytes })
    .setAAD(associated(id))
    .setAuthTag(data.subarray(end));
  const plain = Buffer.concat([work.update(data.subarray(nonceBytes, end)), work.final()]);
  return proto.temporal.api.common.v1.Payload.decode(plain);
}
