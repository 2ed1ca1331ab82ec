/** What a caller decides about the embedded server. */
import type { Environment } from './environment.ts';

export type ServerLogLevel = 'debug' | 'info' | 'warn' | 'error' | 'never';

export interface EnsureServerOptions {
  /** Folder of the database, `server.json` and `server.log`; made when missing. One server runs for one folder. */
  readonly dataDir: string;
  /** false: in memory; jobs are lost with the server. */
  readonly persistence: boolean;
  /** How long closed jobs are kept, ms; the server allows no less than an hour, which a smaller value becomes. */
  readonly retentionMs: number;
  /** Default `default`; made when missing. */
  readonly namespace?: string | undefined;
  /** Port of the server; when given it has to be free. Default 7233, or any free one. */
  readonly port?: number | undefined;
  /** Port of the Web UI; when given it has to be free. Default 8233, or any free one. */
  readonly uiPort?: number | undefined;
  /** Of the server's own log in `server.log`; default `warn`. */
  readonly logLevel?: ServerLogLevel | undefined;
  readonly temporalCli?: string | undefined;
  readonly env?: Environment | undefined;
  /** Told what takes time: a build, a wait for another process, a server that had to be ended or started again. */
  readonly onProgress?: ((message: string) => void) | undefined;
  /** The server is gone for good (its supervisor was killed and starting again failed). */
  readonly onLost?: ((error: unknown) => void) | undefined;
}
