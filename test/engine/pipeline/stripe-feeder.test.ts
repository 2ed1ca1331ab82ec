import assert from 'node:assert/strict';
import type { MilledStripe } from '../../../src/engine/mill/stripe-mill.ts';
import { StripeFeeder, type FeederOptions, type Stripe } from '../../../src/engine/pipeline/stripe-feeder.ts';
import { beginning, comment, keepAll } from './scene.ts';

const KiB = 1024;

/** A feeder that is fed by hand, as the decoder would. */
class FeederScene {
  readonly stripes: Stripe[] = [];
  rooms = 0;
  private readonly feeder: StripeFeeder;
  private room = Promise.withResolvers<undefined>();
  private fed = 0;

  constructor(change: Partial<FeederOptions> = {}) {
    this.feeder = new StripeFeeder(
      {
        from: beginning,
        mill: keepAll,
        partBytes: 1000,
        threads: 2,
        batchSize: 100,
        meanLineBytes: 100,
        inFlightBytesMax: 256 * KiB,
        ...change,
      },
      {
        onStripe: (stripe) => this.stripes.push(stripe),
        onBlockDone: () => undefined,
        onError: (error) => {
          this.room.reject(error);
        },
        onRoom: () => {
          this.rooms++;
          this.room.resolve(undefined);
          this.room = Promise.withResolvers();
        },
      },
    );
  }

  get it(): StripeFeeder {
    return this.feeder;
  }

  /** Feeds a text through empty blocks; waits for room where it must, and does what `onWait` says before. */
  async feed(text: string, onWait: () => void = () => undefined): Promise<void> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) {
      const block = this.feeder.emptyBlock();
      if (block === null) {
        const { promise } = this.room;
        onWait();
        await promise;
        continue;
      }
      const piece = bytes.subarray(at, at + block.bytes.length);
      block.bytes.set(piece);
      at += piece.length;
      this.fed += piece.length;
      this.feeder.write(block.slot, piece.length);
    }
  }

  milled(): Promise<readonly (MilledStripe | null)[]> {
    return Promise.all(this.stripes.map(async ({ milled }) => await milled));
  }
}

describe('StripeFeeder', () => {
  let scene: FeederScene;
  afterEach(() => scene.it.close());

  it('gives whole stripes to the threads in turn, and hands them on in order', async () => {
    scene = new FeederScene();
    await scene.feed(Array.from({ length: 25 }, (_, id) => `${comment(id, 99)}\n`).join(''));
    scene.it.end(false);
    assert.deepEqual(
      scene.stripes.map(({ range, end, last }) => [range.part, end, last]),
      [
        [0, 1000, false],
        [1, 2000, false],
        [2, 2500, true],
      ],
    );
    const milled = await scene.milled();
    assert.deepEqual(
      milled.map((each) => each?.counters.kept),
      [10, 10, 5],
    );
    assert.equal(scene.it.position, 2500);
  });

  it('begins no part at the very end, and none is milled there', async () => {
    scene = new FeederScene();
    await scene.feed(Array.from({ length: 10 }, (_, id) => `${comment(id, 99)}\n`).join(''));
    scene.it.end(false);
    assert.deepEqual(
      scene.stripes.map(({ range, milled, last }) => [range.part, milled === null, last]),
      [
        [0, false, false],
        [1, true, true],
      ],
    );
  });

  it('drops the tail that damage cut off, or makes a line of it', async () => {
    for (const [dropTail, lines] of [
      [true, 1],
      [false, 2],
    ] as const) {
      scene = new FeederScene();
      await scene.feed(`${comment(0)}\n{"cut`);
      scene.it.end(dropTail);
      const [milled] = await scene.milled();
      assert.equal(milled?.counters.lines, lines);
      await scene.it.close();
    }
  });

  it('lends no block beyond its bound', async () => {
    scene = new FeederScene({ inFlightBytesMax: 1, partBytes: 1024 * KiB });
    assert.notEqual(scene.it.emptyBlock(), null);
    assert.equal(scene.it.emptyBlock(), null);
    assert.equal(scene.it.blocksInFlight, 0, 'an empty block is not in flight');
    await Promise.resolve();
  });

  it('lends none while more stripes wait for the writer than threads have and one more', async () => {
    scene = new FeederScene({ inFlightBytesMax: 1024 * KiB, threads: 2 });
    await scene.feed(`${comment(0, 999)}\n`.repeat(4));
    assert.equal(scene.it.emptyBlock(), null, 'four stripes are open');
    await scene.milled();
    assert.equal(scene.it.emptyBlock(), null, 'milled, and not yet written');
    const { rooms } = scene;
    scene.it.stripeDone();
    assert.ok(scene.rooms > rooms);
    assert.notEqual(scene.it.emptyBlock(), null);
  });

  it('hold() lends none until it is let go', async () => {
    scene = new FeederScene();
    scene.it.hold(true);
    assert.deepEqual([scene.it.emptyBlock(), scene.it.isHeld], [null, true]);
    const { rooms } = scene;
    scene.it.hold(false);
    assert.ok(scene.rooms > rooms);
    assert.notEqual(scene.it.emptyBlock(), null);
    await Promise.resolve();
  });

  it('makes blocks of about a batch, from 64 KiB to 1 MiB, and resize() changes them', async () => {
    const bytesOf = (): number | undefined => {
      const block = scene.it.emptyBlock();
      return block?.bytes.length;
    };
    scene = new FeederScene({ batchSize: 1000, meanLineBytes: 200, inFlightBytesMax: 64 * 1024 * KiB });
    assert.equal(bytesOf(), 256 * KiB, 'a power of two');
    scene.it.resize(1250, 64 * 1024 * KiB);
    assert.equal(bytesOf(), 256 * KiB, 'a quarter more lines is no reason for other memory');
    scene.it.resize(1, 64 * 1024 * KiB);
    assert.equal(bytesOf(), 64 * KiB);
    scene.it.resize(100_000, 64 * 1024 * KiB);
    assert.equal(bytesOf(), 1024 * KiB);
    await Promise.resolve();
  });

  it('takes blocks back one by one as they are milled, also those of two stripes', async () => {
    scene = new FeederScene({ inFlightBytesMax: 64 * KiB, partBytes: 70_000 });
    let waited = 0;
    await scene.feed(`${comment(0, 99)}\n`.repeat(2000), () => {
      waited++;
      assert.ok(scene.it.blocksInFlight <= 1);
    });
    scene.it.end(false);
    const milled = await scene.milled();
    assert.ok(waited >= 2, String(waited));
    assert.equal(
      milled.reduce((sum, each) => sum + (each?.counters.lines ?? 0), 0),
      2000,
    );
  });

  it('rejects what is not milled when it is closed', async () => {
    scene = new FeederScene();
    await scene.feed(`${comment(0)}\n`);
    scene.it.end(false);
    // no thread has come to it yet
    const rejected = assert.rejects(scene.milled(), /mill thread was ended/);
    await scene.it.close();
    await rejected;
  });
});
