/** The engine's quick look at a path, for commands: it loads nothing but `node:fs`. */
export { checkArchive } from '../engine/archive/check-archive.ts';
