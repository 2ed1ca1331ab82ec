/**
 * Loaded into worker processes and their threads by `--import`: springs a trap at a named call of the file system. So the
 * danger points are hit exactly, and the program under test has not one line for it.
 */
import fs, { type PathLike } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { trapVariable, type DangerPoint, type Trap } from './trap.ts';

const lair = process.env[trapVariable];
const handlePaths = new WeakMap<object, string>();

function trapIn(file: string): Trap | null {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Trap;
  } catch {
    return null;
  }
}

function pass(point: DangerPoint, target: PathLike): void {
  if (lair === undefined) return;
  const trap = trapIn(lair);
  if (trap?.point !== point || !path.basename(String(target)).startsWith(trap.file)) return;
  if (trap.again !== true) {
    try {
      fs.unlinkSync(lair);
    } catch {
      return; // the other worker was there first
    }
  }
  fs.appendFileSync(`${lair}.sprung`, `${process.pid}\n`);
  process.kill(process.pid, trap.signal);
}

if (lair !== undefined) {
  const { open, rename, rm } = fs.promises;
  const probe = await open('/dev/null');
  const prototype = Object.getPrototypeOf(probe) as { sync: (this: FileHandle) => Promise<void> };
  await probe.close();
  const { sync } = prototype;
  prototype.sync = function (this: FileHandle) {
    pass('written', handlePaths.get(this) ?? '');
    return sync.call(this);
  };
  fs.promises.open = async (...args) => {
    const handle = await open(...args);
    handlePaths.set(handle, String(args[0]));
    return handle;
  };
  fs.promises.rename = async (from, to) => {
    pass('synced', to);
    await rename(from, to);
    pass('renamed', to);
  };
  fs.promises.rm = async (...args) => {
    await rm(...args);
    pass('removed', args[0]);
  };
  syncBuiltinESMExports();
}
