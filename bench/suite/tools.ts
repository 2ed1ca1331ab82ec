/** What of other people's programs is on this machine. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface Tools {
  /** Path of GNU time; null: CPU and memory of whole processes are not told. */
  readonly gnuTime: string | null;
  /** First lines of what they say about themselves; null: not installed. */
  readonly zstd: string | null;
  readonly jq: string | null;
  /** The Python of `.bench/venv`, else the one on PATH. */
  readonly python: string | null;
  /** Versions of the modules that this Python has, by distribution. */
  readonly modules: Readonly<Record<string, string>>;
}

const modules = ['duckdb', 'polars', 'pyarrow', 'chdb', 'zstandard', 'orjson'];
const askModules = `
import importlib.metadata as m, json
found = {}
for name in ${JSON.stringify(modules)}:
    try: found[name] = m.version(name)
    except m.PackageNotFoundError: pass
print(json.dumps(found))`;

export function findTools(venv: string): Tools {
  const own = path.join(venv, 'bin', 'python');
  const python = existsSync(own) ? own : answer('python3', ['--version']) === null ? null : 'python3';
  const found = python === null ? null : answer(python, ['-c', askModules]);
  return {
    // the shell has a `time` of its own; only GNU's knows --version
    gnuTime: answer('time', ['--version']) === null ? null : 'time',
    zstd: answer('zstd', ['--version']),
    jq: answer('jq', ['--version']),
    python,
    modules: found === null ? {} : (JSON.parse(found) as Record<string, string>),
  };
}

function answer(program: string, args: readonly string[]): string | null {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? (`${stdout}${stderr}`.trim().split('\n')[0] ?? '') : null;
}
