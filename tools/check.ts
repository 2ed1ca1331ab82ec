/** `npm run check`: all static checks, all of them run even when one fails; then one line on each. */
import { spawnSync } from 'node:child_process';

const checks = ['types', 'lint', 'boundaries', 'unused', 'format:check'];

const lines: string[] = [];
for (const check of checks) {
  const startedMs = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', check], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  lines.push(`${status === 0 ? 'ok    ' : 'FAILED'} ${check} (${seconds} s)`);
  if (status !== 0) process.exitCode = 1;
}
process.stdout.write(`\n${lines.join('\n')}\n`);
