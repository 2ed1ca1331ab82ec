/** The real command line as a process, in a fresh folder and with nothing of this machine's settings. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheFolder, hostEnvironment } from '../../src/server/environment.ts';

const client = path.join(import.meta.dirname, '../../src/client.ts');

export interface BinaryRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What is in the folder afterwards, relative and sorted, folders with a slash at the end. */
  readonly files: readonly string[];
}

export interface BinaryOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Fills the folder before the run. */
  readonly prepare?: (folder: string) => void;
  /** Node's own arguments. */
  readonly nodeArgs?: readonly string[];
  /** `stdout` holds a character for each byte. */
  readonly binaryStdout?: boolean;
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map(
      (entry) =>
        path.relative(folder, path.join(entry.parentPath, entry.name)) + (entry.isDirectory() ? '/' : ''),
    )
    .sort();
}

/** Runs `threadmill …args`, waits for its end and removes the folder. */
export async function threadmill(
  args: readonly string[],
  { env = {}, prepare, nodeArgs = [], binaryStdout = false }: BinaryOptions = {},
): Promise<BinaryRun> {
  const folder = mkdtempSync(path.join(tmpdir(), 'threadmill-cli-'));
  try {
    prepare?.(folder);
    const child = spawn(process.execPath, [...nodeArgs, client, ...args], {
      cwd: folder,
      // compiled code goes to where it always is, and not among what the command leaves behind
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: folder,
        XDG_CACHE_HOME: path.dirname(cacheFolder(hostEnvironment())),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr, code] = await Promise.all([
      child.stdout
        .setEncoding(binaryStdout ? 'latin1' : 'utf8')
        .reduce((all: string, text: string) => all + text, ''),
      child.stderr.setEncoding('utf8').reduce((all: string, text: string) => all + text, ''),
      new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)),
    ]);
    return { code, stdout, stderr, files: filesIn(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
