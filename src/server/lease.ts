/**
 * A lease is an open connection to the supervisor: the kernel closes it when its holder dies, however it dies.
 * One line of JSON each way at first; `release` ends it on purpose.
 */
import { connect, type Socket } from 'node:net';

/** First line from the client. */
export interface LeaseRequest {
  readonly token: string;
}

export interface Lease {
  /** Settles when the connection ends: true after `release()`, false when the supervisor went away. */
  readonly ended: Promise<boolean>;
  /**
   * Gives the lease back. When it was the last one the server stops at once; resolves when the supervisor has let go,
   * that is after the server's end in that case.
   */
  release(): Promise<void>;
}

/**
 * Takes a lease on the server of the supervisor at 127.0.0.1:`port`; null when nobody answers there with this token
 * within `timeoutMs`. An open lease doesn't keep its process alive.
 */
export function takeLease(port: number, token: string, timeoutMs = 2_000): Promise<Lease | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.once('connect', () => socket.write(`${JSON.stringify({ token } satisfies LeaseRequest)}\n`));
    const refused = (): void => {
      clearTimeout(timer);
      resolve(null);
    };
    socket.once('close', refused);
    socket.on('data', function onData(text: string) {
      answer += text;
      if (!answer.includes('\n')) return;
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('close', refused);
      if (answer.trim() === 'granted') resolve(leaseOf(socket));
      else {
        socket.destroy();
        resolve(null);
      }
    });
  });
}

function leaseOf(socket: Socket): Lease {
  let released = false;
  socket.resume();
  socket.unref();
  const ended = new Promise<boolean>((resolve) => {
    socket.once('close', () => {
      resolve(released);
    });
  });
  return {
    ended,
    async release() {
      if (!released) {
        released = true;
        socket.ref();
        socket.write('release\n');
        // The supervisor's 10 s and a little; then the kernel's close has to do.
        socket.setTimeout(13_000, () => socket.destroy());
      }
      await ended;
    },
  };
}
