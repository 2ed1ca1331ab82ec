/** Whether this process may use its terminal: a shell job in the background (`threadmill run … &`) may not. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Process group, and that of the terminal's foreground, from the text after the name in Linux's `stat`. */
function groupsOfStat(stat: string): readonly [own: number, foreground: number] {
  // proc(5): state ppid pgrp session tty_nr tpgid; the name before them may hold spaces and brackets
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [Number(fields[2]), Number(fields[5])];
}

function groups(): readonly [own: number, foreground: number] {
  if (process.platform === 'linux') return groupsOfStat(readFileSync('/proc/self/stat', 'utf8'));
  const found = spawnSync('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)], { encoding: 'utf8' });
  const [own, foreground] = found.stdout.trim().split(/\s+/).map(Number);
  return [own ?? NaN, foreground ?? NaN];
}

/**
 * Changing the mode of a terminal from the background stops a process (SIGTTOU), and so does reading from it. Where it
 * can't be told, false: to have no keys is better than to stand still.
 */
export function inForeground(): boolean {
  if (process.platform === 'win32') return true;
  try {
    const [own, foreground] = groups();
    return own === foreground;
  } catch {
    return false;
  }
}
