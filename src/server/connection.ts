/** Which Temporal server: the cluster that the user names, else the embedded one; and connections to it. */
import type { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import { ThreadmillError } from '../core/errors.ts';
import { readClusterConfig, type ServerConnectionOptions } from './cluster-config.ts';
import type { EmbeddedServer, EnsureServerOptions } from './embedded.ts';
import { ensureSearchAttributes, grpcStatusOf } from './namespace.ts';
import { diagnose } from './tls-diagnosis.ts';

export interface ResolveServerOptions extends EnsureServerOptions {
  /** `host:port` of a cluster; wins over the environment. */
  readonly address?: string | undefined;
  /** Profile of the Temporal configuration file; default the environment's (TEMPORAL_PROFILE, `default`). */
  readonly profile?: string | undefined;
}

export interface ResolvedServer {
  readonly kind: 'embedded' | 'cluster';
  readonly address: string;
  readonly namespace: string;
  /** Null for a cluster: its UI's address isn't known. */
  readonly uiUrl: string | null;
  /** Whether this call started the server. */
  readonly owned: boolean;
  readonly connection: ServerConnectionOptions;
  /** false: start jobs without typed search attributes (not permitted to register them, or not usable in time). */
  readonly searchAttributesReady: boolean;
  /** The embedded server's own facts; null for a cluster. */
  readonly embedded: EmbeddedServer | null;
  /** Lets go of an embedded server (see `EmbeddedServer.stop`); nothing for a cluster. May be called again. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** How long to try again, ms. Default 15 s: a server restart takes 0.5 s, a rolling one behind a proxy some more. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const connectTimeoutMs = 15_000;
/** One attempt; the SDK's own default is 10 s, which a dropped packet would take from the whole. */
const attemptMsMax = 5_000;
/** gRPC INVALID_ARGUMENT, PERMISSION_DENIED, UNAUTHENTICATED: another attempt gets the same answer. */
const finalStatuses = [3, 7, 16];

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  await sleep(ms, undefined, signal === undefined ? {} : { signal });
}

async function withRetries<T>(
  { address, ...connection }: ServerConnectionOptions,
  options: ConnectOptions,
  attempt: (attemptMs: number) => Promise<T>,
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? connectTimeoutMs;
  const end = performance.now() + timeoutMs;
  for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, 2_000)) {
    options.signal?.throwIfAborted();
    try {
      // A client that finds nobody waits its whole time; 0.5 s is enough for a server that is there.
      return await attempt(Math.max(500, Math.min(attemptMsMax, end - performance.now())));
    } catch (cause) {
      const answer = answerIn(cause);
      if (answer !== null) throw refused(address, answer, cause);
      if (performance.now() + delayMs >= end) {
        throw unreachable(address, timeoutMs, cause, await diagnose({ address, ...connection }));
      }
    }
    await pause(delayMs, options.signal);
  }
}

/** What a server said that will not have us; null where it said nothing, or what may pass. The SDK wraps it once or twice. */
function answerIn(cause: unknown): Error | null {
  for (let at = cause; at instanceof Error; at = at.cause) {
    if (finalStatuses.includes(grpcStatusOf(at) ?? -1)) return at;
  }
  return null;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function refused(address: string, answer: Error, cause: unknown): ThreadmillError {
  return new ThreadmillError(
    'SERVER_UNREACHABLE',
    `Cannot use the Temporal server at '${address}': it refuses the connection (${answer.message}); ` +
      'check TEMPORAL_API_KEY, TEMPORAL_NAMESPACE and the TEMPORAL_TLS_* settings',
    { facts: { address }, cause },
  );
}

function unreachable(
  address: string,
  timeoutMs: number,
  cause: unknown,
  diagnosis: string | null,
): ThreadmillError {
  const why = diagnosis ?? `no answer in ${timeoutMs / 1000} s (${messageOf(cause)})`;
  const wayOut =
    diagnosis === null
      ? 'check that it runs and that TEMPORAL_ADDRESS and the TEMPORAL_TLS_* settings fit, or unset them to use the embedded server'
      : 'correct the TEMPORAL_TLS_* settings';
  return new ThreadmillError(
    'SERVER_UNREACHABLE',
    `Cannot reach the Temporal server at '${address}': ${why}; ${wayOut}`,
    { facts: { address }, cause },
  );
}

type Target = Pick<ResolvedServer, 'connection' | 'namespace'>;

async function connect(target: Target, options: ConnectOptions): Promise<Connection> {
  const { Connection } = await import('@temporalio/client');
  return withRetries(target.connection, options, (attemptMs) =>
    Connection.connect({ ...target.connection, connectTimeout: attemptMs }),
  );
}

/**
 * A client of the server and namespace; end it with `client.connection.close()`.
 *
 * @throws ThreadmillError SERVER_UNREACHABLE after `timeoutMs`, or at once when the server refuses
 */
export async function connectClient(
  target: Target,
  { dataConverter, ...options }: ConnectOptions & { readonly dataConverter?: DataConverter } = {},
): Promise<Client> {
  const connection = await connect(target, options);
  const { Client } = await import('@temporalio/client');
  return new Client({
    connection,
    namespace: target.namespace,
    ...(dataConverter === undefined ? {} : { dataConverter }),
  });
}

/**
 * A worker's connection; end it with `close()` after the worker's end. `NativeConnection.connect` itself gives up in
 * milliseconds when nobody listens.
 *
 * @throws ThreadmillError SERVER_UNREACHABLE as `connectClient`
 */
export async function connectWorker(target: Target, options: ConnectOptions = {}): Promise<NativeConnection> {
  const { NativeConnection } = await import('@temporalio/worker');
  return withRetries(target.connection, options, () => NativeConnection.connect({ ...target.connection }));
}

/** Tries to register; whatever the cluster says to that, jobs can run without. */
async function registeredOnCluster(target: Target, options: ConnectOptions): Promise<boolean> {
  const connection = await connect(target, options);
  try {
    return await ensureSearchAttributes(connection, target.namespace, 5_000);
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

/**
 * The server to use. A cluster when `address`, or TEMPORAL_ADDRESS, a profile, TLS or API key by the SDK's environment
 * configuration name one; else the embedded server of `dataDir`, started when it doesn't run.
 *
 * @throws ThreadmillError SETTINGS_INVALID (unreadable configuration), SERVER_UNREACHABLE (cluster),
 * SERVER_UNAVAILABLE (embedded, see `ensureServer`)
 */
export async function resolveServer(
  options: ResolveServerOptions,
  connecting: ConnectOptions = {},
): Promise<ResolvedServer> {
  const { connection, namespace = 'default' } = await readClusterConfig(options);
  if (connection !== null) {
    return {
      kind: 'cluster',
      address: connection.address,
      namespace,
      uiUrl: null,
      owned: false,
      connection,
      searchAttributesReady: await registeredOnCluster({ connection, namespace }, connecting),
      embedded: null,
      close: () => Promise.resolve(),
    };
  }
  const { ensureServer } = await import('./embedded.ts');
  const server = await ensureServer({ ...options, namespace });
  return {
    kind: 'embedded',
    address: server.address,
    namespace,
    uiUrl: server.uiUrl,
    owned: server.owned,
    connection: { address: server.address },
    searchAttributesReady: server.searchAttributesReady,
    embedded: server,
    close: () => server.stop(),
  };
}
