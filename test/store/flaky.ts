/** A way to a server on which connections break: after so many bytes of each answer, so many times. */
import { createServer, type Server } from 'node:net';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

export interface FlakyWay {
  readonly port: number;
  /** Connections that were broken. */
  readonly broken: number;
  /** Breaks the next `times` answers after `afterBytes` bytes. */
  breakAfter(afterBytes: number, times: number): void;
  close(): Promise<void>;
}

export async function flakyWay(to: number): Promise<FlakyWay> {
  let [afterBytes, times, broken] = [Infinity, 0, 0];
  const sockets = new Set<Socket>();
  const server: Server = createServer((inside) => {
    const outside = connect(to, '127.0.0.1');
    let passed = 0;
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    inside.pipe(outside);
    outside.on('data', (bytes: Buffer) => {
      if (times > 0 && passed + bytes.length > afterBytes) {
        times--;
        broken++;
        inside.write(bytes.subarray(0, Math.max(0, afterBytes - passed)), () => inside.resetAndDestroy());
        outside.destroy();
        return;
      }
      passed += bytes.length;
      if (!inside.write(bytes)) {
        outside.pause();
        inside.once('drain', () => outside.resume());
      }
    });
    outside.on('end', () => inside.end());
    inside.on('close', () => outside.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get broken() {
      return broken;
    },
    breakAfter(bytes, count) {
      [afterBytes, times] = [bytes, count];
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
