/** The cluster that options, environment and Temporal's configuration file name, and how to connect to it. */
import { ThreadmillError } from '../core/errors.ts';
import { hostEnvironment, type Environment } from './environment.ts';

/** What `Connection.connect` and `NativeConnection.connect` both take. Holds secrets: never for a log or a message. */
export interface ServerConnectionOptions {
  readonly address: string;
  readonly tls?: NonNullable<import('@temporalio/client').ConnectionOptions['tls']>;
  readonly apiKey?: string;
  readonly metadata?: Record<string, string>;
}

export interface ClusterConfigOptions {
  /** `host:port`; wins over environment and file. */
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
  /** Of the configuration file. */
  readonly profile?: string | undefined;
  readonly env?: Environment | undefined;
}

export interface ClusterConfig {
  /** Null: no cluster is named, so it is the embedded server. */
  readonly connection: ServerConnectionOptions | null;
  readonly namespace: string | undefined;
}

/**
 * Reads it by the SDK's environment configuration. A TLS set-up or a key alone means a cluster too, at the SDK's default
 * address.
 *
 * @throws ThreadmillError SETTINGS_INVALID: unreadable file or certificate, or a certificate without its key
 */
export async function readClusterConfig(options: ClusterConfigOptions): Promise<ClusterConfig> {
  const { loadClientConfigProfile, toClientOptions } = await import('@temporalio/envconfig');
  const env = options.env ?? hostEnvironment();
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );
  let profile;
  let found;
  try {
    const named = options.profile === undefined ? {} : { profile: options.profile };
    profile = loadClientConfigProfile({ ...named, overrideEnvVars });
    found = toClientOptions(profile);
  } catch (cause) {
    throw unreadable(firstLine(cause));
  }
  // The SDK passes over half a pair in silence, and the server then says no more than that it wants a certificate.
  const { clientCert, clientKey } = profile.tls ?? {};
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    const [given, lacking] = clientCert === undefined ? ['KEY', 'CERT'] : ['CERT', 'KEY'];
    throw unreadable(
      `TEMPORAL_TLS_CLIENT_${given}_PATH (or _DATA) is given and TEMPORAL_TLS_CLIENT_${lacking}_PATH (or _DATA) is not`,
    );
  }
  const { address, tls, apiKey, metadata } = found.connectionOptions;
  const namespace = options.namespace ?? found.namespace;
  const names = options.address ?? address;
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

/** Without `cause`: what the parser of the file says shows the lines around a mistake, and one of them may be the key. */
function unreadable(why: string): ThreadmillError {
  return new ThreadmillError(
    'SETTINGS_INVALID',
    `Cannot read Temporal's settings: ${why}; correct the TEMPORAL_* variables or the file that they name`,
  );
}

function firstLine(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const { line, column } = error as { readonly line?: unknown; readonly column?: unknown };
  const [first = ''] = error.message.split('\n');
  return typeof line === 'number' && typeof column === 'number'
    ? `${first} (line ${line}, column ${column})`
    : first;
}
