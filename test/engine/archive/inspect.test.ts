import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { generateArchive, type ArchiveOptions } from '../../../samples/generator/archive.ts';
import { inspectArchive, type InspectOptions } from '../../../src/engine/archive/inspect.ts';

const MiB = 1024 * 1024;
const comment = '{"id":"c1","link_id":"t3_a","parent_id":"t3_a","body":"x","created_utc":1134365188}\n';
const submission = '{"id":"s1","title":"x","created_utc":1134365188,"url":"http://x"}\n';
const skippable = Buffer.from([0x52, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
/** A frame header of a window descriptor, then a last raw block of `text`. */
function rawFrame(descriptor: number, fields: readonly number[], text: string): Buffer {
  const size = Buffer.byteLength(text);
  const block = (size << 3) | 1;
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor, ...fields]),
    Buffer.from([block & 255, (block >> 8) & 255, block >> 16]),
    Buffer.from(text),
  ]);
}

describe('inspectArchive()', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'threadmill-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function file(name: string, bytes: string | Uint8Array): Promise<string> {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  }
  async function refuses(
    path: string,
    code: string,
    message: RegExp,
    options: InspectOptions = {},
  ): Promise<void> {
    await assert.rejects(
      inspectArchive(path, options),
      (error: Error & { code?: string; facts?: { path?: string } }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        assert.ok(error.message.includes(JSON.stringify(path)), `${error.message} quotes the path`);
        assert.equal(error.facts?.path, path);
        return true;
      },
    );
  }
  async function generated(
    name: string,
    options: Partial<ArchiveOptions>,
  ): Promise<{ path: string; lines: number; bytes: number }> {
    const path = join(folder, name);
    return {
      path,
      ...(await generateArchive({ kind: 'comments', era: '2015', bytes: MiB, seed: 7, ...options }, path)),
    };
  }

  describe('refuses', () => {
    it('what is no file that can be read again', async () => {
      await refuses(join(folder, 'x.zst'), 'ARCHIVE_MISSING', /check the path/);
      await refuses(folder, 'ARCHIVE_UNREADABLE', /it is a folder/);
      await refuses(join(await file('y', 'x'), 'x.zst'), 'ARCHIVE_MISSING', /check the path/);
      await refuses('/dev/null', 'ARCHIVE_UNREADABLE', /no regular file/);
      execFileSync('mkfifo', [join(folder, 'fifo.zst')]);
      await refuses(join(folder, 'fifo.zst'), 'ARCHIVE_UNREADABLE', /no regular file/);
    });

    it('what it may not read', async function () {
      if (process.getuid?.() === 0) this.skip(); // root may read everything
      const path = await file('RC_2005-12.zst', zlib.zstdCompressSync(comment));
      await chmod(path, 0);
      await refuses(path, 'ARCHIVE_UNREADABLE', /EACCES; check the permissions/);
    });

    it('what is empty, packed or not', async () => {
      await refuses(await file('a.zst', ''), 'ARCHIVE_EMPTY', /0 bytes/);
      await refuses(await file('b.zst', zlib.zstdCompressSync('')), 'ARCHIVE_EMPTY', /no record/);
      await refuses(await file('c.gz', zlib.gzipSync('')), 'ARCHIVE_EMPTY', /no record/);
      await refuses(
        await file('d.zst', zlib.zstdCompressSync('\n \r\n\t')),
        'ARCHIVE_EMPTY',
        /5 bytes of text, all of it blank/,
      );
      await refuses(await file('e.zst', skippable), 'ARCHIVE_EMPTY', /no data frame/);
      await refuses(await file('f.ndjson', '\ufeff'), 'ARCHIVE_EMPTY', /no record/);
    });

    it('what ends before its first line, at every length', async () => {
      const whole = zlib.zstdCompressSync(comment);
      for (let length = 2; length < whole.length; length++) {
        const path = await file('RC_2005-12.zst', whole.subarray(0, length));
        await refuses(path, 'ARCHIVE_TRUNCATED', /download it again/);
      }
      for (const length of [2, 5, 10, 20]) {
        await refuses(
          await file('a.gz', zlib.gzipSync(comment).subarray(0, length)),
          'ARCHIVE_TRUNCATED',
          /download it again/,
        );
      }
    });

    it('what is damaged before its first line', async () => {
      const frame = zlib.zstdCompressSync(comment, { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } });
      const reservedBlock = Buffer.concat([frame.subarray(0, 6), Buffer.from([7, 0, 0])]);
      await refuses(
        await file('a.zst', reservedBlock),
        'ARCHIVE_CORRUPT',
        /not one line of it can be read.*compressed byte \d+/,
      );
      const reservedBit = Buffer.from(frame);
      reservedBit[4] = (reservedBit[4] ?? 0) | 8;
      await refuses(await file('b.zst', reservedBit), 'ARCHIVE_CORRUPT', /at byte 0 .*reserved bit/);
      await refuses(
        await file('c.zst', Buffer.concat([skippable, Buffer.from('garbage')])),
        'ARCHIVE_CORRUPT',
        /at byte 11 no zstd frame/,
      );
      await refuses(
        await file('d.gz', Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(40, 1)])),
        'ARCHIVE_CORRUPT',
        /download it again/,
      );
    });

    it('a frame that needs a dictionary', async () => {
      const path = await file('a.zst', rawFrame(0x01, [0x50, 7], comment));
      await refuses(path, 'ARCHIVE_NOT_RECOGNISED', /frame at byte 0 needs a dictionary.*zstd -dc -D/);
    });

    it('a window over 2 GiB, and one that the machine can not give', async () => {
      // exponent 21, mantissa 1: 2 GiB + 256 MiB
      await refuses(
        await file('a.zst', rawFrame(0x00, [0xa9], comment)),
        'WINDOW_TOO_LARGE',
        /2\.3 GiB.*no .* more than 2\.0 GiB/,
      );
      const { path } = await generated('b.zst', { windowLog: 23, bytes: 6 * MiB });
      await refuses(path, 'WINDOW_TOO_LARGE', /takes 8\.0 MiB, but this machine can give 7\.0 MiB/, {
        machineBytes: 7 * MiB,
      });
      assert.equal((await inspectArchive(path, { machineBytes: 8 * MiB })).windowBytes, 8 * MiB);
    });

    it('known strangers by their magic, whatever their names, with the way out', async () => {
      const cases: readonly (readonly [bytes: string | Uint8Array, says: RegExp])[] = [
        ['PK\u0003\u0004xxxx', /a zip file; unzip -p ".*" \| zstd -o ".*RC_2005-12\.zst"/],
        [Buffer.from('fd377a585a000004', 'hex'), /an xz file; xz -dc/],
        ['BZh91AY&SY', /a bzip2 file; bzip2 -dc/],
        ['PAR1xxxx', /a Parquet file/],
        [Buffer.from('04224d1864407700', 'hex'), /an lz4 file/],
        [Buffer.from('fffe7b0022006900', 'hex'), /UTF-16 text; iconv/],
        ['\n<!DOCTYPE html>\n<html>', /a web page; .*download it again/],
        [Buffer.alloc(5000), /filled with zero bytes; .*download it again/],
      ];
      for (const [bytes, says] of cases)
        await refuses(await file('RC_2005-12.xz', bytes), 'ARCHIVE_NOT_RECOGNISED', says);
      const tar = Buffer.alloc(1024);
      tar.write('RC_2005-12.json');
      tar.write('ustar', 257);
      await refuses(
        await file('a.tar.gz', zlib.gzipSync(tar)),
        'ARCHIVE_NOT_RECOGNISED',
        /it holds a tar file; tar -xf/,
      );
      await refuses(
        await file('a.zst', zlib.zstdCompressSync('<html>\n')),
        'ARCHIVE_NOT_RECOGNISED',
        /it holds a web page/,
      );
    });

    it('text that is no NDJSON of Reddit, and shows how it begins', async () => {
      const cases: readonly (readonly [text: string | Uint8Array, says: RegExp])[] = [
        ['id,body\n1,x\n', /must hold one JSON object a line, but begins with "id,body"/],
        ['hello', /begins with "hello"/],
        ['[{"id":1},\n{"id":2}]\n', /begins with "\[.*jq -c/],
        ['1\n2\n"x"\n', /begins with "1"/],
        ['{\n "id": 1\n}\n', /begins with "\{"/],
        [
          '{"name":"x"}\n',
          /neither a comment's link_id and body nor a submission's title; the first is "\{\\"name/,
        ],
        [Buffer.from('0102037f80ff', 'hex'), /begins with 01 02 03 7f 80 ff/],
      ];
      for (const [text, says] of cases) {
        for (const [name, bytes] of [
          ['a.ndjson', text],
          ['a.zst', zlib.zstdCompressSync(text)],
          ['a.gz', zlib.gzipSync(text)],
        ] as const) {
          await refuses(await file(name, bytes), 'ARCHIVE_NOT_RECOGNISED', says);
        }
      }
    });
  });

  describe('tells', () => {
    it('container and kind by the bytes, against the name', async () => {
      const packings = [
        ['zstd', zlib.zstdCompressSync],
        ['gzip', zlib.gzipSync],
        ['plain', (text: string) => Buffer.from(text)],
      ] as const;
      for (const [container, pack] of packings) {
        for (const [kind, line] of [
          ['comments', comment],
          ['submissions', submission],
        ] as const) {
          for (const name of ['RS_2005-12.zst', 'x_comments.gz', 'x.ndjson', 'x']) {
            const found = await inspectArchive(await file(name, pack(line.repeat(3))));
            assert.deepEqual([found.container, found.kind], [container, kind], name);
            assert.deepEqual(
              [found.estimatedLines, found.estimatedBytes, found.meanLineBytes],
              [3, 3 * line.length, line.length],
            );
          }
        }
      }
    });

    it('the kind of a dirty beginning by its first usable lines, and by the name where they are even', async () => {
      const dirt = `\ufeff\r\n{"x":\nnull\n[]\n${'\0'.repeat(4096)}\n{}\n<html>\n`;
      for (const [text, name, kind] of [
        [dirt + comment, 'x', 'comments'],
        [dirt + submission.trimEnd(), 'RC_x', 'submissions'],
        [comment + submission, 'RS_2011-01', 'submissions'],
        [comment + submission, 'austin_comments', 'comments'],
        ['{"id":"a"}\n', 'RC_2005-12', 'comments'],
        [comment.replace('{', '{"title":"x",') + comment, 'x', 'comments'],
      ] as const) {
        assert.equal(
          (await inspectArchive(await file(`${name}.zst`, zlib.zstdCompressSync(text)))).kind,
          kind,
          text,
        );
      }
      const even = await file('x.zst', zlib.zstdCompressSync(comment + submission));
      await refuses(even, 'ARCHIVE_NOT_RECOGNISED', /the first is/);
    });

    it('the name without the extensions of containers, safe for a folder', async () => {
      for (const [given, name] of [
        ['austinfood_comments.zst', 'austinfood_comments'],
        ['RC_2005-12.ndjson.ZST', 'RC_2005-12'],
        ['RS_2011-01.zst_blocks', 'RS_2011-01'],
        ['r.v1.0_comments.jsonl.gz', 'r.v1.0_comments'],
        ['a b:c*?"<>|\\.json', 'a_b_c_______'],
        ['..hidden.zst', 'hidden'],
        ['-rf.zst', 'rf'],
        ['.zst', 'archive'],
        ['...', 'archive'],
        ['größe_comments.zst', 'größe_comments'],
        [`${'ü'.repeat(120)}.zst`, 'ü'.repeat(90)],
      ] as const) {
        assert.equal(
          (await inspectArchive(await file(given, zlib.zstdCompressSync(comment)))).name,
          name,
          given,
        );
      }
    });

    it('frames, window and content by the headers, with skippable frames between', async () => {
      const frames = [
        skippable,
        zlib.zstdCompressSync(comment),
        skippable,
        zlib.zstdCompressSync(comment),
        skippable,
      ];
      const found = await inspectArchive(await file('a.zst', Buffer.concat(frames)), { maxMemoryMb: 100 });
      const expected = {
        frames: 2,
        framesComplete: true,
        contentBytes: 2 * comment.length,
        windowBytes: comment.length,
      };
      assert.deepEqual({ ...found, ...expected }, found);
      assert.equal(found.memoryBytes, comment.length + 100_000_000);
      const undeclared = await generated('b.zst', { frames: 5, windowLog: 20 });
      const {
        frames: count,
        windowBytes,
        contentBytes,
        estimatedLines,
      } = await inspectArchive(undeclared.path);
      assert.deepEqual([count, windowBytes, contentBytes, estimatedLines], [5, MiB, null, undeclared.lines]);
    });

    it('a 2 GiB window, and needs no more than a small archive fills of it', async () => {
      const { path, lines } = await generated('RC_2015-01.zst', { windowLog: 31, bytes: 300_000 });
      const found = await inspectArchive(path, { machineBytes: 16 * MiB });
      assert.deepEqual([found.windowBytes, found.estimatedLines], [2 ** 31, lines]);
      assert.equal(found.memoryBytes, 2 ** 31 + 512_000_000);
    });

    for (const packing of ['zstd', 'gzip', 'plain'] as const) {
      it(`sizes within a tenth from the first MiB of ${packing}`, async () => {
        const { path, lines, bytes } = await generated('a', { packing, bytes: 24 * MiB, dirty: true });
        const found = await inspectArchive(path);
        assert.ok(
          Math.abs(found.estimatedBytes / bytes - 1) < 0.1,
          `${found.estimatedBytes} of ${bytes} bytes`,
        );
        assert.ok(
          Math.abs(found.estimatedLines / lines - 1) < 0.1,
          `${found.estimatedLines} of ${lines} lines`,
        );
        assert.equal(found.contentBytes, packing === 'plain' ? bytes : null);
        assert.equal(found.compressedBytes, (await stat(path)).size);
      });
    }

    it('what it can of an archive that is cut off behind its beginning', async () => {
      const { path } = await generated('a.zst', { bytes: 8 * MiB });
      const whole = await inspectArchive(path);
      await truncate(path, Math.floor(whole.compressedBytes * 0.9));
      const found = await inspectArchive(path);
      assert.deepEqual([found.kind, found.frames, found.framesComplete], ['comments', 1, false]);
      assert.notEqual(found.fingerprint, whole.fingerprint);
      await truncate(path, 100_000);
      assert.equal((await inspectArchive(path)).kind, 'comments');
    });

    it('what it can of an archive with garbage behind its first frame', async () => {
      const bytes = Buffer.concat([zlib.zstdCompressSync(comment), Buffer.from('garbage')]);
      const found = await inspectArchive(await file('a.zst', bytes));
      assert.deepEqual([found.frames, found.framesComplete, found.contentBytes], [1, false, null]);
    });

    it('an absolute path, and the same fingerprint after a move', async () => {
      const { path } = await generated('a.zst', {});
      const before = await inspectArchive(path);
      await mkdir(join(folder, 'x'));
      await rename(path, join(folder, 'x', 'b.zst'));
      const after = await inspectArchive(join(folder, '.', 'x', '..', 'x', 'b.zst'));
      assert.equal(after.path, join(folder, 'x', 'b.zst'));
      assert.equal(after.fingerprint, before.fingerprint);
    });
  });
});
