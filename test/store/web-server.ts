/** A web server of the test's own, on this machine: one body at every path, in the manner that the path's first piece names. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WebServer {
  readonly port: number;
  readonly origin: string;
  /** What it has; may be changed. */
  body: Buffer;
  /** Ranges that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function webServer(first: Buffer): Promise<WebServer> {
  const asked: string[] = [];
  let body = first;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const [, manner = ''] = (request.url ?? '').split('/');
    const { range = '' } = request.headers;
    asked.push(range);
    const status = { missing: 404, denied: 403, 'log-in': 401, busy: 503 }[manner];
    if (status !== undefined) {
      response.writeHead(status).end('no');
      return;
    }
    if (manner === 'moved') {
      response.writeHead(302, { location: (request.url ?? '').replace('/moved', '/ranges') }).end();
      return;
    }
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const dated = { 'last-modified': new Date(1_700_000_000_000 + body.length * 1000).toUTCString() };
    const marks = {
      ranges: { etag, ...dated },
      weak: { etag: `W/${etag}`, ...dated },
      silent: {},
      whole: { etag },
    }[manner];
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    if (from === undefined || manner === 'whole') {
      response.writeHead(200, { ...marks, 'content-length': body.length }).end(body);
      return;
    }
    if (Number(from) >= body.length) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    const part = body.subarray(Number(from), Number(to) + 1);
    const end = Number(from) + part.length - 1;
    const headers = { 'content-range': `bytes ${from}-${end}/${body.length}`, 'content-length': part.length };
    response.writeHead(206, { ...marks, ...headers }).end(part);
  };
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    asked,
    get body() {
      return body;
    },
    set body(next) {
      body = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
