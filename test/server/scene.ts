/** A folder per test, and the end of all that it started. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ensureServer, type EmbeddedServer, type EnsureServerOptions } from '../../src/server/embedded.ts';
import { isAlive, terminate } from '../../src/server/host.ts';
import { readServerFile } from '../../src/server/server-file.ts';

export interface Holder {
  readonly child: ChildProcess;
  readonly server: Pick<EmbeddedServer, 'address' | 'uiUrl' | 'owned' | 'pid' | 'supervisorPid'>;
}

export class Scene {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'threadmill-server-'));
  readonly #servers: EmbeddedServer[] = [];
  readonly #children: ChildProcess[] = [];

  async server(options: Partial<EnsureServerOptions> = {}): Promise<EmbeddedServer> {
    const defaults = { dataDir: this.folder, persistence: true, retentionMs: 7 * 86_400_000 };
    const server = await ensureServer({ ...defaults, ...options });
    this.#servers.push(server);
    return server;
  }

  /** Starts `holder.ts`; resolves when it holds the server. */
  async holder(): Promise<Holder> {
    const program = path.join(import.meta.dirname, 'holder.ts');
    const child = spawn(process.execPath, [program, this.folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      return { child, server: JSON.parse(line) as Holder['server'] };
    }
    throw new Error('the holder ended before it held a server');
  }

  async end(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(this.#servers.map((server) => server.stop()));
    const left = readServerFile(this.folder);
    for (const pid of [left?.supervisorPid, left?.temporalPid ?? undefined]) {
      if (pid !== undefined && pid !== process.pid && isAlive(pid)) await terminate(pid, 5_000);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A full start on two busy cores, several times. */
export const slowMs = 40_000;
