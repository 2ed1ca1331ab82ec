import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { SegmentInput } from '../../../src/contract/job.ts';
import type { MillSession } from '../../../src/engine/pipeline/mill-session.ts';
import { SessionCache } from '../../../src/engine/pipeline/session-cache.ts';
import { beginning } from './scene.ts';

const input = {} as SegmentInput; // the session decides whether it serves it

/** A session of which the cache knows only these two. */
class FakeSession extends EventEmitter {
  closed = 0;
  private readonly willing: boolean;

  constructor(willing = true) {
    super();
    this.willing = willing;
  }

  serves(): boolean {
    return this.willing;
  }

  close(): Promise<void> {
    this.closed++;
    this.emit('closed');
    return Promise.resolve();
  }

  get session(): MillSession {
    return this as unknown as MillSession;
  }
}

describe('SessionCache', () => {
  it("gives a job its own session back, once, and nobody else's", () => {
    const cache = new SessionCache();
    const parked = new FakeSession();
    cache.park('a', parked.session);
    assert.equal(cache.take('b', input, beginning), null);
    assert.equal(cache.take('a', input, beginning), parked.session);
    assert.equal(cache.take('a', input, beginning), null);
    assert.deepEqual([cache.size, parked.closed], [0, 0]);
  });

  it('closes a session that can not serve what is asked for', () => {
    const cache = new SessionCache();
    const parked = new FakeSession(false);
    cache.park('a', parked.session);
    assert.equal(cache.take('a', input, beginning), null);
    assert.deepEqual([cache.size, parked.closed], [0, 1]);
  });

  it('closes the one that another takes the place of', () => {
    const cache = new SessionCache();
    const [first, second] = [new FakeSession(), new FakeSession()];
    cache.park('a', first.session);
    cache.park('a', second.session);
    assert.deepEqual([first.closed, second.closed, cache.size], [1, 0, 1]);
    assert.equal(cache.take('a', input, beginning), second.session);
  });

  it('closes what nobody takes, after its time', async () => {
    const cache = new SessionCache(1);
    const parked = new FakeSession();
    // its timer keeps no process alive; this one does
    const alive = setTimeout(() => undefined, 10_000);
    cache.park('a', parked.session);
    if (parked.closed === 0) await once(parked, 'closed');
    clearTimeout(alive);
    assert.deepEqual([cache.size, parked.closed], [0, 1]);
  });

  it('drop() closes what is parked for a job, close() all there is', async () => {
    const cache = new SessionCache();
    const sessions = [new FakeSession(), new FakeSession(), new FakeSession()];
    for (const [at, each] of sessions.entries()) cache.park(String(at), each.session);
    await cache.drop('0');
    await cache.drop('none');
    assert.deepEqual(
      sessions.map(({ closed }) => closed),
      [1, 0, 0],
    );
    await cache.close();
    assert.deepEqual(
      sessions.map(({ closed }) => closed),
      [1, 1, 1],
    );
    assert.equal(cache.size, 0);
  });
});
