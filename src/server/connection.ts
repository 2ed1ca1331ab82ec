/** Which Temporal server: the cluster that the user names, else the embedded one; and connections to it. */
import type { Client, Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { ThreadmillError } from '../core/errors.ts';
import { hostEnvironment } from './environment.ts';
import type { EmbeddedServer, EnsureServerOptions } from './embedded.ts';
import { ensureSearchAttributes, grpcStatusOf } from './namespace.ts';

/** What `Connection.connect` and `NativeConnection.connect` both take. */
export interface ServerConnectionOptions {
  readonly address: string;
  readonly tls?: NonNullable<import('@temporalio/client').ConnectionOptions['tls']>;
  readonly apiKey?: string;
  readonly metadata?: Record<string, string>;
}

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

interface Configured {
  readonly connection: ServerConnectionOptions | null;
  readonly namespace: string | undefined;
}

/** The cluster that options, environment and configuration file name; `connection` null when they name none. */
async function configured(options: ResolveServerOptions): Promise<Configured> {
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  const env = options.env ?? hostEnvironment();
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );
  let found;
  try {
    const profile = options.profile === undefined ? {} : { profile: options.profile };
    found = loadClientConnectConfig({ ...profile, overrideEnvVars });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ThreadmillError(
      'SETTINGS_INVALID',
      `Cannot read Temporal's settings: ${why}; correct the TEMPORAL_* variables or the file that they name`,
      { cause },
    );
  }
  const { address, tls, apiKey, metadata } = found.connectionOptions;
  const namespace = options.namespace ?? found.namespace;
  const names = options.address ?? address;
  // A TLS set-up or a key alone means a cluster too, at the SDK's default address.
  if (names === undefined && apiKey === undefined && (tls === undefined || tls === false)) {
    return { connection: null, namespace };
  }
  return {
    connection: {
      address: names ?? 'localhost:7233',
      ...(tls === undefined || tls === null ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }),
    },
    namespace,
  };
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  await sleep(ms, undefined, signal === undefined ? {} : { signal });
}

async function withRetries<T>(
  address: string,
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
      const final = finalStatuses.includes(grpcStatusOf(cause) ?? -1);
      if (final || performance.now() + delayMs >= end) throw unreachable(address, timeoutMs, final, cause);
    }
    await pause(delayMs, options.signal);
  }
}

function unreachable(address: string, timeoutMs: number, refused: boolean, cause: unknown): ThreadmillError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const how = refused ? 'it refuses the connection' : `no answer in ${timeoutMs / 1000} s`;
  const wayOut = refused
    ? 'check TEMPORAL_API_KEY, TEMPORAL_NAMESPACE and the TEMPORAL_TLS_* settings'
    : 'check that it runs and that TEMPORAL_ADDRESS and the TEMPORAL_TLS_* settings fit, or unset them to use the embedded server';
  return new ThreadmillError(
    'SERVER_UNREACHABLE',
    `Cannot reach the Temporal server at '${address}': ${how} (${why}); ${wayOut}`,
    {
      facts: { address },
      cause,
    },
  );
}

type Target = Pick<ResolvedServer, 'connection' | 'namespace'>;

async function connect(target: Target, options: ConnectOptions): Promise<Connection> {
  const { Connection } = await import('@temporalio/client');
  return withRetries(target.connection.address, options, (attemptMs) =>
    Connection.connect({ ...target.connection, connectTimeout: attemptMs }),
  );
}

/**
 * A client of the server and namespace; end it with `client.connection.close()`.
 *
 * @throws ThreadmillError SERVER_UNREACHABLE after `timeoutMs`, or at once when the server refuses
 */
export async function connectClient(target: Target, options: ConnectOptions = {}): Promise<Client> {
  const connection = await connect(target, options);
  const { Client } = await import('@temporalio/client');
  return new Client({ connection, namespace: target.namespace });
}

/**
 * A worker's connection; end it with `close()` after the worker's end. `NativeConnection.connect` itself gives up in
 * milliseconds when nobody listens.
 *
 * @throws ThreadmillError SERVER_UNREACHABLE as `connectClient`
 */
export async function connectWorker(target: Target, options: ConnectOptions = {}): Promise<NativeConnection> {
  const { NativeConnection } = await import('@temporalio/worker');
  return withRetries(target.connection.address, options, () =>
    NativeConnection.connect({ ...target.connection }),
  );
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
  const { connection, namespace = 'default' } = await configured(options);
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
