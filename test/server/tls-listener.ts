/** A real TLS listener in front of a Temporal server: it demands what a cluster demands, and remembers what it saw. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  connect,
  createSecureServer,
  type ClientHttp2Session,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PeerCertificate, TLSSocket } from 'node:tls';

/** A certificate with its key, as PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of this test alone, made by the `openssl` command. */
export class Authority {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'threadmill-tls-'));
  readonly root: Certificate;

  constructor() {
    this.root = this.files('root');
    this.openssl(
      'req',
      '-x509',
      ...this.newKey('root'),
      '-out',
      this.root.cert,
      '-subj',
      '/CN=Test authority',
    );
  }

  /** A certificate signed by the root. `names`: subjectAltName, e.g. `IP:127.0.0.1`. */
  issue(name: string, names: string, { days = 2 } = {}): Certificate {
    const made = this.files(name);
    const root = ['-CA', this.root.cert, '-CAkey', this.root.key];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
    // rustls, which the worker uses, takes no authority for a server, and openssl makes one unless told
    const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
    this.openssl(
      'req',
      '-x509',
      ...this.newKey(name),
      '-out',
      made.cert,
      ...root,
      ...subject,
      ...leaf,
      '-days',
      String(days),
    );
    return made;
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private files(name: string): Certificate {
    return { cert: path.join(this.folder, `${name}.pem`), key: path.join(this.folder, `${name}.key`) };
  }

  private newKey(name: string): readonly string[] {
    return [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-noenc',
      '-keyout',
      this.files(name).key,
    ];
  }

  private openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

export interface ListenerOptions {
  /** `host:port` of the Temporal server behind it, which speaks no TLS. */
  readonly behind: string;
  readonly certificate: Certificate;
  /** Demands a client certificate of this authority. */
  readonly clientAuthority?: string;
  /** Demands `authorization: Bearer <this>`. */
  readonly apiKey?: string;
}

/** One call that came through. */
export interface SeenCall {
  readonly path: string;
  /** Common name of the client's certificate. */
  readonly client: string | null;
  readonly authorization: string | null;
}

/** What belongs to one connection and not to the request. */
const hopHeaders = [
  ':authority',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
];

export class TlsListener {
  readonly address: string;
  readonly seen: SeenCall[] = [];
  /** Calls that were turned away for want of the key. */
  refused = 0;
  private readonly server: Http2SecureServer;
  private readonly upstream: ClientHttp2Session;
  private readonly sessions: Set<ServerHttp2Session>;

  private constructor(
    server: Http2SecureServer,
    upstream: ClientHttp2Session,
    sessions: Set<ServerHttp2Session>,
    apiKey: string | undefined,
  ) {
    const address = server.address();
    this.address = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    this.server = server;
    this.upstream = upstream;
    this.sessions = sessions;
    server.on('stream', (stream, headers) => {
      this.pass(stream, headers, apiKey);
    });
  }

  static async open({ behind, certificate, clientAuthority, apiKey }: ListenerOptions): Promise<TlsListener> {
    const server = createSecureServer({
      cert: readFileSync(certificate.cert),
      key: readFileSync(certificate.key),
      ...(clientAuthority === undefined
        ? {}
        : { ca: readFileSync(clientAuthority), requestCert: true, rejectUnauthorized: true }),
    });
    const sessions = new Set<ServerHttp2Session>();
    server.on('session', (session) => {
      sessions.add(session);
      session.on('error', () => undefined).once('close', () => sessions.delete(session));
    });
    server.on('tlsClientError', () => undefined);
    const upstream = connect(`http://${behind}`, { settings: { initialWindowSize: 2 ** 24 } });
    upstream.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TlsListener(server, upstream, sessions, apiKey);
  }

  async end(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    this.upstream.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, apiKey: string | undefined): void {
    stream.on('error', () => undefined);
    const socket = stream.session?.socket as TLSSocket | undefined;
    const peer = socket?.getPeerCertificate() as Partial<PeerCertificate> | undefined;
    const { authorization = null } = headers;
    if (apiKey !== undefined && authorization !== `Bearer ${apiKey}`) {
      this.refused++;
      const answer = { ':status': 200, 'content-type': 'application/grpc' };
      // gRPC's UNAUTHENTICATED, in Temporal Cloud's words
      stream.respond(
        { ...answer, 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' },
        { endStream: true },
      );
      return;
    }
    const client = peer?.subject?.CN ?? null;
    this.seen.push({
      path: headers[':path'] ?? '',
      client: client === null ? null : String(client),
      authorization,
    });
    const onward: OutgoingHttpHeaders = { ...headers };
    for (const name of hopHeaders) Reflect.deleteProperty(onward, name);
    const call = this.upstream.request({ ...onward, ':scheme': 'http' }, { endStream: false });
    let trailers: OutgoingHttpHeaders = {};
    call.on('error', () => {
      stream.destroy();
    });
    call.on('trailers', (found: IncomingHttpHeaders) => (trailers = withoutPseudo(found)));
    call.on('response', (found, flags) => {
      const status = { ':status': found[':status'] ?? 200 };
      // an answer that is only trailers ends with its headers
      const ends = (flags & 1) === 1;
      stream.respond(
        { ...withoutPseudo(found), ...status },
        ends ? { endStream: true } : { waitForTrailers: true },
      );
      if (!ends) call.pipe(stream);
    });
    stream.on('wantTrailers', () => {
      stream.sendTrailers(trailers);
    });
    stream.once('close', () => {
      call.close();
    });
    stream.pipe(call);
  }
}

function withoutPseudo(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
}
