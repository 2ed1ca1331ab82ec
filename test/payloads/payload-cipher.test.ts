import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { Payload } from '@temporalio/common';
import { whyUnreadable } from '../../src/contract/unreadable.ts';
import { ThreadmillError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { payloadEncryption } from '../../src/index.ts';
import { PayloadCipher, type WhenUnreadable } from '../../src/payloads/payload-cipher.ts';
import { payloadKeysOf } from '../../src/payloads/payload-keys.ts';

const newKey = (): string => randomBytes(32).toString('base64');
const cipherOf = (keys: string | null, when: WhenUnreadable = 'throw'): PayloadCipher =>
  new PayloadCipher(payloadKeysOf(keys === null ? null : new Secret(keys)), when);
const json = (value: unknown): Payload => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(JSON.stringify(value)),
});
const valueOf = (payload: Payload | undefined): unknown =>
  JSON.parse(Buffer.from(payload?.data ?? []).toString()) as unknown;
const idOf = (payload: Payload | undefined): string =>
  Buffer.from(payload?.metadata?.['encryption-key-id'] ?? []).toString();

describe('PayloadCipher', () => {
  const mine = newKey();
  const path = '/dumps/private/RC_2023-01.zst';

  it('gives back what it was given, and shows nothing of it on the way', async () => {
    const cipher = cipherOf(mine);
    const payloads = [
      json({ archive: path }),
      json(null),
      { metadata: {}, data: new Uint8Array() },
      json('x'.repeat(2e6)),
    ];
    const encoded = await cipher.encode(payloads);
    for (const each of encoded) {
      assert.equal(Buffer.from(each.metadata?.['encoding'] ?? []).toString(), 'binary/encrypted');
      const whole = Buffer.concat([...Object.values(each.metadata ?? {}), each.data ?? Buffer.of()]);
      assert.ok(!whole.includes('private') && !whole.includes('json/plain'));
    }
    const decoded = await cipher.decode(encoded);
    assert.deepEqual(
      decoded.map((each) => Buffer.from(each.data ?? [])),
      payloads.map((each) => Buffer.from(each.data ?? [])),
    );
    assert.equal(valueOf(decoded[1]), null);
    assert.equal(Buffer.from(decoded[0]?.metadata?.['encoding'] ?? []).toString(), 'json/plain');
  });

  it('makes another ciphertext of the same payload each time', async () => {
    const cipher = cipherOf(mine);
    const encoded = await cipher.encode(Array.from({ length: 1000 }, () => json('the same')));
    assert.equal(new Set(encoded.map((each) => Buffer.from(each.data ?? []).toString('hex'))).size, 1000);
    assert.equal(
      new Set(encoded.map((each) => Buffer.from(each.data ?? []).toString('hex', 0, 12))).size,
      1000,
    );
  });

  it('encrypts under its first key and decrypts under any, so that keys can be changed', async () => {
    const [old, fresh] = [newKey(), newKey()];
    const before = await cipherOf(old).encode([json('before')]);
    const both = cipherOf(`${fresh}, ${old}`);
    assert.equal(valueOf((await both.decode(before))[0]), 'before');
    const after = await both.encode([json('after')]);
    assert.equal(valueOf((await cipherOf(fresh).decode(after))[0]), 'after');
    await assert.rejects(cipherOf(old).decode(after), { code: 'PAYLOAD_UNREADABLE' });
    assert.notEqual(idOf(before[0]), idOf(after[0]));
  });

  it('without a key or under another, names both keys by their ids, the variable, and never a key', async () => {
    const encoded = await cipherOf(mine).encode([json(path)]);
    const id = idOf(encoded[0]);
    const other = newKey();
    for (const [keys, here] of [
      [null, /and here is none/],
      [other, /and here is only "[0-9a-f]{12}"/],
    ] as const) {
      const error: unknown = await cipherOf(keys)
        .decode(encoded)
        .catch((thrown: unknown) => thrown);
      assert.ok(error instanceof ThreadmillError);
      assert.equal(error.code, 'PAYLOAD_UNREADABLE');
      assert.match(error.message, new RegExp(`under payload key "${id}"`));
      assert.match(error.message, here);
      assert.match(error.message, /THREADMILL_PAYLOAD_KEY/);
      for (const key of [mine, other]) assert.ok(!inspect(error, { depth: 9 }).includes(key.slice(0, 10)));
    }
  });

  it('refuses what was changed at any byte, cut off, or put under another id', async () => {
    const both = cipherOf(`${mine},${newKey()}`);
    const [whole] = await both.encode([json('as it was')]);
    assert.ok(whole?.data);
    const expected = { code: 'PAYLOAD_UNREADABLE', message: /was changed after it was encrypted/ };
    for (let at = 0; at < whole.data.length; at++) {
      const changed = Buffer.from(whole.data);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await assert.rejects(both.decode([{ ...whole, data: changed }]), expected, `byte ${at}`);
    }
    for (const length of [0, 5, 12, 27, 28, whole.data.length - 1])
      await assert.rejects(both.decode([{ ...whole, data: whole.data.subarray(0, length) }]), expected);
    await assert.rejects(both.decode([{ metadata: whole.metadata ?? {} }]), expected);
    const [other] = await cipherOf(newKey()).encode([json('x')]);
    const moved = { ...whole, metadata: other?.metadata ?? {} };
    await assert.rejects(both.decode([moved]), { code: 'PAYLOAD_UNREADABLE', message: /and here is only/ });
  });

  it('lets plain payloads pass, with a key and without', async () => {
    for (const keys of [mine, null]) {
      const plain = [json('plain'), {}, { data: Buffer.of(1) }];
      assert.deepEqual(await cipherOf(keys).decode(plain), plain);
    }
    assert.deepEqual(await cipherOf(null).encode([json(1)]), [json(1)]);
  });

  it('marks in place of throwing where it is told to, and only what it can not read', async () => {
    const [foreign] = await cipherOf(newKey()).encode([json(1)]);
    const [own] = await cipherOf(mine).encode([json(2)]);
    assert.ok(foreign && own);
    const [marked, read] = await cipherOf(mine).tolerant().decode([foreign, own]);
    assert.match(whyUnreadable(valueOf(marked)) ?? '', /encrypted under payload key/);
    assert.deepEqual([valueOf(read), whyUnreadable(valueOf(read))], [2, null]);
  });
});

describe('payloadEncryption()', () => {
  const codecOf = (key?: string) => payloadEncryption(key).payloadCodecs?.[0];

  it("is the workers' own cipher for a client that somebody else makes; without a key it encrypts nothing", async () => {
    const key = newKey();
    const encoded = (await codecOf(key)?.encode([json('mine')])) ?? [];
    assert.equal(valueOf((await cipherOf(key).decode(encoded))[0]), 'mine');
    assert.deepEqual(await codecOf()?.encode([json(1)]), [json(1)]);
    await assert.rejects(async () => codecOf()?.decode(encoded), { code: 'PAYLOAD_UNREADABLE' });
  });

  it('refuses what is no key, and does not show it', () => {
    for (const bad of ['', 'S3cret', `${newKey()}S3cret`])
      assert.throws(
        () => payloadEncryption(bad),
        (error: ThreadmillError) => error.code === 'SETTINGS_INVALID' && !error.message.includes('S3cret'),
      );
  });
});

describe('Secret', () => {
  it('shows itself to nobody who does not ask for it by name', () => {
    const secret = new Secret('hush');
    const hidden = inspect({ secret }, { showHidden: true, depth: 9 });
    const shown = [String(secret), 'and '.concat(secret as never), JSON.stringify({ secret }), hidden];
    for (const each of shown) assert.ok(!each.includes('hush'), each);
    assert.equal(secret.reveal(), 'hush');
  });
});
