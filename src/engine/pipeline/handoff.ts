/** A queue between one producer and one consumer: what is put comes out in order, and a full one makes the producer wait. */
export class Handoff<T> {
  private readonly items: T[] = [];
  private readonly capacity: number;
  private taker: { resolve(item: T): void; reject(error: unknown): void } | null = null;
  private room: (() => void) | null = null;
  private failure: { readonly error: Error } | null = null;

  constructor(capacity = Infinity) {
    this.capacity = capacity;
  }

  /** Resolves once the item is taken or has a place to wait in; at once after a failure, and then it is dropped. */
  async put(item: T): Promise<void> {
    if (this.failure !== null) return;
    if (this.taker !== null) {
      const { taker } = this;
      this.taker = null;
      taker.resolve(item);
      return;
    }
    this.items.push(item);
    if (this.items.length > this.capacity) {
      await new Promise<void>((resolve) => {
        this.room = resolve;
      });
    }
  }

  /** The next item. @throws what `fail` was given, before what still waits. */
  take(): Promise<T> {
    if (this.failure !== null) return Promise.reject(this.failure.error);
    const item = this.items.shift();
    this.letIn();
    if (item !== undefined) return Promise.resolve(item);
    if (this.taker !== null) throw new TypeError('Cannot take twice at once: a handoff has one consumer');
    return new Promise((resolve, reject) => {
      this.taker = { resolve, reject };
    });
  }

  /** The consumer gets this error from now on; the first one stands. */
  fail(error: unknown): void {
    if (this.failure !== null) return;
    this.failure = { error: error instanceof Error ? error : new Error(String(error)) };
    this.items.length = 0;
    this.taker?.reject(this.failure.error);
    this.taker = null;
    this.letIn();
  }

  private letIn(): void {
    this.room?.();
    this.room = null;
  }
}
