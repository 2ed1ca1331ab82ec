/** Archives of web servers, read by ranges. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ThreadmillError } from '../../src/core/errors.ts';
import { withoutSecrets } from '../../src/core/places.ts';
import { ArchiveWatch } from '../../src/engine/archive/archive-watch.ts';
import { checkArchive } from '../../src/engine/archive/check-archive.ts';
import { fingerprintAt, fingerprintOf } from '../../src/engine/archive/fingerprint.ts';
import { inspectArchive } from '../../src/engine/archive/inspect.ts';
import { lookAtArchive } from '../../src/engine/archive/look.ts';
import { resolvePlace } from '../../src/engine/storage/place.ts';
import { openStored } from '../../src/engine/storage/stored-file.ts';
import { archiveOf, shortComments } from '../e2e/archives.ts';
import { flakyWay } from './flaky.ts';
import { webServer, type WebServer } from './web-server.ts';

const MiB = 2 ** 20;

function codeIs(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ThreadmillError && error.code === code;
}

async function read(place: string, bytes: number, chunk: number): Promise<Buffer> {
  const file = await openStored(place);
  const all = Buffer.alloc(bytes);
  for (let at = 0; at < bytes;) at += await file.read(all.subarray(at, at + chunk), at);
  await file.close();
  return all;
}

describe('an archive of a web server', () => {
  let server: WebServer;
  beforeEach(async () => {
    server = await webServer(randomBytes(20 * MiB + 7));
  });
  afterEach(() => server.close());

  it('is read in order by ranges that grow, and is the same', async () => {
    const { body, origin, asked } = server;
    assert.ok((await read(`${origin}/ranges/x`, body.length, 100_003)).equals(body));
    const lengths = asked.map((range) => {
      const [from = 0, to = 0] = range.slice('bytes='.length).split('-').map(Number);
      return to - from + 1;
    });
    assert.ok(lengths.length < 12, `${lengths.length} requests`);
    assert.equal(Math.max(...lengths), 8 * MiB);
    // nothing is asked for twice
    assert.equal(
      lengths.reduce((sum, length) => sum + length, 0),
      body.length + 1,
    );
  });

  it('is read on at the byte where a connection broke, as often as it breaks', async () => {
    const way = await flakyWay(server.port);
    try {
      way.breakAfter(700_001, 12);
      const { body } = server;
      const found = await read(`http://127.0.0.1:${way.port}/ranges/x`, body.length, MiB);
      assert.ok(found.equals(body));
      assert.equal(way.broken, 12);
      const asked = server.asked.reduce((sum, range) => {
        const [from = 0, to = 0] = range.slice('bytes='.length).split('-').map(Number);
        return sum + to - from + 1;
      }, 0);
      // each break asks for the rest of its range once more, never for what had come
      assert.ok(asked < body.length * 2 + 12 * 8 * MiB);
    } finally {
      await way.close();
    }
  });

  it('is refused where its server gives no ranges, with the way out', async () => {
    await assert.rejects(checkArchive(`${server.origin}/whole/x.zst`), (error: unknown) => {
      assert.ok(codeIs('STORAGE_REFUSED')(error));
      assert.match((error as Error).message, /range requests.*download it first/);
      return true;
    });
  });

  it('that is missing, denied or empty says so', async () => {
    const { origin } = server;
    await assert.rejects(checkArchive(`${origin}/missing/x.zst`), codeIs('ARCHIVE_MISSING'));
    await assert.rejects(checkArchive(`${origin}/denied/x.zst`), codeIs('STORAGE_DENIED'));
    await assert.rejects(checkArchive(`${origin}/log-in/x.zst`), codeIs('STORAGE_DENIED'));
    await assert.rejects(checkArchive(`${origin}/busy/x.zst`), codeIs('STORAGE_UNAVAILABLE'));
    await assert.rejects(checkArchive('http://127.0.0.1:1/x.zst'), codeIs('STORAGE_UNAVAILABLE'));
    server.body = Buffer.alloc(0);
    await assert.rejects(checkArchive(`${origin}/ranges/x.zst`), codeIs('ARCHIVE_EMPTY'));
  });

  for (const manner of ['ranges', 'weak']) {
    it(`that changes while it is read is never half of each (${manner})`, async () => {
      const place = `${server.origin}/${manner}/x`;
      const file = await openStored(place);
      const piece = Buffer.alloc(MiB);
      await file.read(piece, 0);
      server.body = randomBytes(server.body.length + 1);
      await assert.rejects(file.read(piece, 15 * MiB), codeIs('ARCHIVE_UNREADABLE'));
      await file.close();
    });
  }

  it('has the fingerprint of its copy on a disk, and inspection finds the same in it', async () => {
    const archive = await archiveOf(shortComments);
    server.body = await readFile(archive.path);
    const place = `${server.origin}/moved/${archive.name}.zst?download=1`;
    assert.equal((await fingerprintAt(place)).fingerprint, fingerprintOf(archive.path).fingerprint);
    const expected = await inspectArchive(archive.path);
    const { version, mtimeMs, ...found } = await lookAtArchive(place);
    assert.match(version ?? '', /^"[0-9a-f]{32}"$/);
    assert.equal(mtimeMs % 1000, 0);
    const { mtimeMs: _local, ...same } = expected;
    assert.deepEqual(found, { ...same, path: place });
  });

  it('that was replaced is another, also where size and samples are the same', async () => {
    const place = `${server.origin}/ranges/x`;
    const { fingerprint, version } = await fingerprintAt(place);
    assert.ok(version !== undefined);
    const watch = new ArchiveWatch({ path: place, fingerprint, version });
    await watch.check(false);
    const changed = Buffer.from(server.body);
    // between two samples
    changed.writeUInt8(changed.readUInt8(3 * MiB) ^ 1, 3 * MiB);
    server.body = changed;
    assert.equal((await fingerprintAt(place)).fingerprint, fingerprint);
    await assert.rejects(watch.check(), codeIs('ARCHIVE_CHANGED'));
  });

  it('is compared by its samples where the server tells nothing of versions', async () => {
    const place = `${server.origin}/silent/x`;
    const { fingerprint, version } = await fingerprintAt(place);
    assert.equal(version, undefined);
    await new ArchiveWatch({ path: place, fingerprint }).check(false);
    server.body = randomBytes(server.body.length);
    await assert.rejects(
      new ArchiveWatch({ path: place, fingerprint }).check(false),
      codeIs('ARCHIVE_CHANGED'),
    );
  });
});

describe('a signed address', () => {
  it('keeps its signature out of errors', async () => {
    const place = 'http://127.0.0.1:1/RC.zst?X-Amz-Signature=abcdef&X-Amz-Credential=me';
    await assert.rejects(checkArchive(place), (error: unknown) => {
      const { message, facts, cause } = error as ThreadmillError;
      assert.doesNotMatch(JSON.stringify([message, facts, String(cause)]), /abcdef|=me/);
      assert.match(message, /RC\.zst\?…/);
      return true;
    });
    assert.equal(withoutSecrets(`read "${place}", then`), 'read "http://127.0.0.1:1/RC.zst?…", then');
  });

  it('with a name and a password is not taken', () => {
    assert.throws(
      () => resolvePlace('https://me:secret@example.org/x'),
      (error: unknown) => codeIs('USAGE')(error) && !(error as Error).message.includes('secret'),
    );
  });
});
