/** The embedded Temporal server: find the one that runs for a data folder, or start it; and let go of it. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ThreadmillError } from '../core/errors.ts';
import { prepareNamespace } from './health.ts';
import { Hold } from './hold.ts';
import { readServerFile } from './server-file.ts';
import type { EnsureServerOptions } from './server-options.ts';
import { serverLogPath } from './spawn.ts';
import { acquire, type Held } from './start.ts';

export type { EnsureServerOptions } from './server-options.ts';

export interface EmbeddedServer {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  readonly uiUrl: string;
  readonly namespace: string;
  /** Whether this call started it; false: it ran already and is shared. */
  readonly owned: boolean;
  /** Process id of the Temporal server; changes when it has to be started again. */
  readonly pid: number;
  readonly supervisorPid: number;
  /** In force, ms. */
  readonly retentionMs: number;
  readonly searchAttributesReady: boolean;
  readonly logFile: string;
  /**
   * Lets go. The server stops when no other process uses it; then this resolves after its end. Without it the server
   * stops 1.5 s after this process's end. May be called again.
   */
  stop(): Promise<void>;
}

/**
 * The Temporal server of a data folder: the running one, shared, or a new one. It is healthy, the namespace exists
 * with its retention, and the search attributes are registered when this resolves. The server outlives no user of it,
 * however the users end; it is started again (same ports, same database) when it dies, and when its supervisor dies.
 *
 * @throws ThreadmillError SERVER_UNAVAILABLE when there is no binary, a given port is taken, the running server differs
 * in persistence, or the server does not come up
 */
export async function ensureServer(given: EnsureServerOptions): Promise<EmbeddedServer> {
  const dataDir = path.resolve(given.dataDir);
  const namespace = given.namespace ?? 'default';
  const options: EnsureServerOptions = { ...given, dataDir, namespace };
  await mkdir(dataDir, { recursive: true }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ThreadmillError(
      'SERVER_UNAVAILABLE',
      `Cannot make the server's folder '${dataDir}': ${why}; give another with PUSHSHIFT_CHECKPOINT_STORAGE`,
      { facts: { dataDir }, cause },
    );
  });
  const database = options.persistence ? path.join(dataDir, 'temporal.db') : null;
  const held = await acquire(options, database);
  const address = `127.0.0.1:${held.file.port}`;
  const prepare = (): ReturnType<typeof prepareNamespace> =>
    prepareNamespace(address, namespace, options.retentionMs);
  let prepared;
  try {
    prepared = await prepare();
  } catch (error) {
    await held.lease.release();
    throw error;
  }
  const again = async (): Promise<Held> => {
    options.onProgress?.("The Temporal server's supervisor is gone; starting the server again");
    // The same ports: workers and clients of this process go on with the address they have.
    const next = await acquire({ ...options, port: held.file.port, uiPort: held.file.uiPort }, database);
    await prepare();
    return next;
  };
  const hold = new Hold(held, again, (error) => options.onLost?.(error));
  return {
    address,
    uiUrl: `http://127.0.0.1:${held.file.uiPort}`,
    namespace,
    owned: held.owned,
    get pid() {
      return readServerFile(dataDir)?.temporalPid ?? hold.held.file.temporalPid ?? 0;
    },
    get supervisorPid() {
      return hold.held.file.supervisorPid;
    },
    ...prepared,
    logFile: serverLogPath(dataDir),
    stop: () => hold.stop(),
  };
}
