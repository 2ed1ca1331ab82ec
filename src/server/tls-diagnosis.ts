/** Why a connection did not come about: gRPC says only that time ran out, a handshake of our own says what was refused. */
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { ServerConnectionOptions } from './cluster-config.ts';

/** A handshake over a continent takes 0.3 s. */
const handshakeMsMax = 3_000;
/** With TLS 1.3 a server that misses the client's certificate says so after the handshake. */
const complaintMs = 500;

type Outcome = { readonly secure: true } | { readonly secure: false; readonly code: string };

/** What a TLS handshake at `address` ends with; never throws. Null: nobody listens there, or nothing was heard. */
function handshake(address: string, options: ConnectionOptions): Promise<Outcome | null> {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return new Promise((resolve) => {
    let secure = false;
    let socket: TLSSocket;
    const end = (outcome: Outcome | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      end(null);
    }, handshakeMsMax);
    try {
      socket = connect({ host, port: Number(port), ALPNProtocols: ['h2'], ...options });
    } catch (error) {
      // a certificate or key that OpenSSL can't read
      clearTimeout(timer);
      resolve({ secure: false, code: codeOf(error) });
      return;
    }
    socket.once('secureConnect', () => {
      secure = true;
      setTimeout(() => {
        end({ secure: true });
      }, complaintMs);
    });
    socket.once('error', (error) => {
      const { syscall } = error as NodeJS.ErrnoException;
      const tcp = syscall === 'connect' || syscall === 'getaddrinfo';
      end(tcp ? null : { secure: false, code: codeOf(error) });
    });
    socket.once('close', () => {
      end(secure ? { secure: false, code: 'closed after the handshake' } : null);
    });
    socket.resume();
  });
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** In words, for the codes of Node and OpenSSL that a wrong set-up gives. */
function explained(code: string): string {
  if (/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/.test(code)) return `its certificate is out of date (${code})`;
  if (/ALTNAME/.test(code))
    return `its certificate is for another name (${code}); TEMPORAL_TLS_SERVER_NAME can name it`;
  if (/SELF_SIGNED|UNABLE_TO_|CERT_|ISSUER/.test(code) && !/CERTIFICATE_REQUIRED|ALERT/.test(code))
    return `its certificate is signed by nobody that is known here (${code}); TEMPORAL_TLS_SERVER_CA_CERT_PATH names the authority`;
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH/.test(code)) return `it does not speak TLS (${code})`;
  if (/ALERT|closed after|ECONNRESET/.test(code))
    return `it refuses our TLS client certificate, or wants one (${code})`;
  return `the TLS handshake failed (${code})`;
}

/** One handshake, some seconds at most; a sentence for what is wrong, or null where TLS is not the trouble. */
export async function diagnose({ address, tls }: ServerConnectionOptions): Promise<string | null> {
  if (tls === undefined || tls === false) {
    const outcome = await handshake(address, { rejectUnauthorized: false });
    const speaks = outcome?.secure === true || /ALERT|closed after/.test(outcome?.code ?? '');
    return speaks ? 'it speaks TLS, and none is set up here; TEMPORAL_TLS=true turns it on' : null;
  }
  const { serverNameOverride, serverRootCACertificate, clientCertPair } = tls === true ? {} : tls;
  const outcome = await handshake(address, {
    ...(serverNameOverride == null ? {} : { servername: serverNameOverride }),
    ...(serverRootCACertificate == null ? {} : { ca: Buffer.from(serverRootCACertificate) }),
    ...(clientCertPair == null
      ? {}
      : { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  });
  return outcome === null || outcome.secure ? null : explained(outcome.code);
}
