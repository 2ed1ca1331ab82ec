/** Containers that are cut off, flipped, filled up or stuffed: never another text, never silence. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import type { Hole } from '../../src/contract/job.ts';
import { ArchiveReader, type Damage } from '../../src/engine/archive/archive-reader.ts';
import { openReader } from '../../src/engine/archive/open-reader.ts';
import { containerOf, type Container } from '../../src/engine/archive/container.ts';
import { frame, rawFrame, repeatFrame, skippable } from './frames.ts';

interface Read {
  readonly text: string;
  readonly damage: Damage | null;
  readonly holes: readonly Hole[];
}

const line = (id: number): string => `{"id":"c${id}","link_id":"t3_a","body":"${'xyz'.repeat(id % 7)}"}\n`;
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => line(from + at)).join('');

describe('a hostile container', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-hostile-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function read(
    bytes: Uint8Array,
    { salvage = false, container }: { salvage?: boolean; container?: Container } = {},
  ): Read {
    const file = path.join(folder, 'archive');
    writeFileSync(file, bytes);
    const reader = openReader(file, container ?? containerOf(bytes), { salvage });
    const room = new Uint8Array(10_007);
    const pieces: Buffer[] = [];
    for (let given = reader.read(room); given > 0; given = reader.read(room))
      pieces.push(Buffer.from(room.subarray(0, given)));
    reader.close();
    return { text: Buffer.concat(pieces).toString(), damage: reader.damage, holes: reader.holes };
  }

  const texts = [lines(0, 30), lines(30, 60), lines(60, 90)];
  const whole = texts.join('');
  const frames = texts.map((text) => frame(text, { checksum: true }));
  const [first, second, third] = frames as [Buffer, Buffer, Buffer];

  it('that is cut off at any byte gives what was whole before it, and tells the cut unless it lies between frames', () => {
    const archive = Buffer.concat([skippable(), first, skippable(), second, third]);
    const borders = new Set([0, 13, 13 + first.length, 26 + first.length, 26 + first.length + second.length]);
    for (let cut = 1; cut < archive.length; cut++) {
      const { text, damage } = read(archive.subarray(0, cut), { container: 'zstd' });
      assert.ok(whole.startsWith(text), `cut at ${cut}`);
      if (borders.has(cut)) assert.equal(damage, null, `cut at ${cut}, between two frames, can't be seen`);
      else assert.deepEqual([damage?.kind, damage?.compressed], ['truncated', cut], `cut at ${cut}`);
    }
  });

  it('with any bit flipped and checksums never gives another text without telling', function () {
    this.timeout(60_000);
    const archive = Buffer.concat([first, second]);
    const text = texts.slice(0, 2).join('');
    let told = 0;
    for (let bit = 0; bit < archive.length * 8; bit++) {
      const flipped = Buffer.from(archive);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const found = read(flipped, { container: 'zstd' });
      if (found.damage === null) assert.equal(found.text, text, `bit ${bit}`);
      else {
        told++;
        // where the checksum is what tells, the text before it has been given: it is the block that is in doubt
        assert.ok(found.damage.compressed <= archive.length, `bit ${bit}`);
      }
    }
    assert.ok(told > archive.length * 8 * 0.95, `${told} of ${archive.length * 8} flips were told`);
  });

  it('with a wrong checksum is corrupt', () => {
    const wrong = Buffer.from(second);
    wrong[wrong.length - 1] = (wrong.at(-1) as number) ^ 1;
    const { damage } = read(Buffer.concat([first, wrong, third]));
    assert.equal(damage?.kind, 'corrupt');
    assert.match(damage.message, /checksum/i);
    const salvaged = read(Buffer.concat([first, wrong, third]), { salvage: true });
    assert.ok(salvaged.text.endsWith(texts[2] ?? ''));
    assert.equal(salvaged.holes.length, 1);
  });

  it('with garbage or zeros between frames is corrupt there; salvage loses nothing of the frames', () => {
    for (const [what, garbage] of [
      ['text', Buffer.from('garbage, and more of it')],
      ['zeros', Buffer.alloc(5_000)],
      ['one byte', Buffer.from([7])],
      ['a magic number alone', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
    ] as const) {
      const archive = Buffer.concat([first, garbage, second]);
      const { text, damage } = read(archive);
      assert.equal(damage?.kind, 'corrupt', what);
      assert.ok(text.startsWith(texts[0] ?? ''), what);
      const salvaged = read(archive, { salvage: true });
      assert.equal(salvaged.text, texts.slice(0, 2).join(''), what);
      assert.deepEqual(
        salvaged.holes.map(({ compressedTo }) => compressedTo),
        [first.length + garbage.length],
        what,
      );
    }
  });

  it('with skippable frames of every sort, empty frames and a frame of nothing but them gives the text alone', () => {
    const stuffing = Array.from({ length: 16 }, (_, variant) =>
      skippable(Buffer.alloc(variant * 9_000), variant),
    );
    const archive = Buffer.concat([
      ...stuffing,
      first,
      frame(''),
      skippable(Buffer.alloc(0)),
      frame(''),
      second,
      ...stuffing,
    ]);
    assert.deepEqual(read(archive), { text: texts.slice(0, 2).join(''), damage: null, holes: [] });
    // a skippable frame that claims 4 GiB is cut off like any other
    const huge = skippable();
    huge.writeUInt32LE(0xffffffff, 4);
    const cut = read(Buffer.concat([first, huge]));
    assert.deepEqual([cut.text, cut.damage?.kind], [texts[0], 'truncated']);
  });

  it('with a later frame that needs a dictionary, or a window that no decoder takes, tells so at the frame', () => {
    for (const [bad, says] of [
      [rawFrame(0x01, [0x50, 7], line(1)), /needs a dictionary/],
      [rawFrame(0x00, [0xa9], line(1)), /declares a decoder window of 2\.3 GiB/],
    ] as const) {
      const { text, damage } = read(Buffer.concat([first, bad, second]));
      assert.deepEqual([text, damage?.kind, damage?.compressed], [texts[0], 'corrupt', first.length]);
      assert.match(damage?.message ?? '', says);
      assert.equal(
        read(Buffer.concat([first, bad, second]), { salvage: true }).text,
        texts.slice(0, 2).join(''),
      );
    }
  });

  it('that blows up 30,000 times is read as any other', () => {
    const bomb = repeatFrame(0x20, 200 * 2 ** 20);
    assert.ok((200 * 2 ** 20) / bomb.length > 30_000);
    const file = path.join(folder, 'bomb');
    writeFileSync(file, bomb);
    const reader = new ArchiveReader(file, 'zstd');
    const room = new Uint8Array(2 ** 20);
    let bytes = 0;
    for (let given = reader.read(room); given > 0; given = reader.read(room)) bytes += given;
    reader.close();
    assert.deepEqual([bytes, reader.damage], [200 * 2 ** 20, null]);
  });

  describe('of gzip', () => {
    const packed = zlib.gzipSync(whole);

    it('filled up with zeros is whole, however many there are', () => {
      for (const zeros of [1, 511, 10_240, 256 * 1024 - packed.length, 600_000]) {
        assert.deepEqual(read(Buffer.concat([packed, Buffer.alloc(zeros)])), {
          text: whole,
          damage: null,
          holes: [],
        });
      }
    });

    it('of many members, with zeros behind the last, is whole', () => {
      const members = Buffer.concat([...texts.map((text) => zlib.gzipSync(text)), Buffer.alloc(700)]);
      assert.deepEqual(read(members), { text: whole, damage: null, holes: [] });
    });

    it('with anything else behind it is corrupt there, zeros before it or not', () => {
      for (const behind of ['garbage', '\0\0\0x', `${'\0'.repeat(400_000)}x`]) {
        const { text, damage } = read(Buffer.concat([packed, Buffer.from(behind)]));
        // what zlib gave in the same step as it found the garbage is lost, and the damage tells it
        if (behind.startsWith('\0')) assert.equal(text, whole);
        else assert.ok(whole.startsWith(text));
        assert.equal(damage?.kind, 'corrupt');
        if (behind.startsWith('\0')) assert.ok(damage.compressed >= packed.length);
      }
    });

    it('cut off at any byte gives what was before it, and tells the cut', () => {
      for (let cut = 3; cut < packed.length; cut += 1 + (cut % 5)) {
        const { text, damage } = read(packed.subarray(0, cut));
        assert.ok(whole.startsWith(text));
        assert.deepEqual([damage?.kind, damage?.compressed], ['truncated', cut]);
      }
    });
  });
});
