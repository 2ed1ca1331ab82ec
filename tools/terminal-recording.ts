/**
 * `npm run recording`: docs/images/terminal.svg, an animation of a real run on a real terminal: it is killed half-way, and
 * the same command goes on.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateArchive } from '../samples/generator/archive.ts';
import { findTemporal } from '../src/server/binary.ts';
import { TerminalProgram } from '../test/e2e/terminal.ts';
import type { StyledRun } from '../test/screen.ts';
import { animatedSvg, type Frame } from './animated-svg.ts';

const root = path.join(import.meta.dirname, '..');
const folder = path.join(tmpdir(), 'demo');
const columns = 84;
const rows = 30;
const frameMs = 200;
/** Nothing moves for longer: a wait for a busy machine is nothing to look at. */
const stillMsMax = 900;
/** As a person types. */
const keyMs = 45;
const command = 'threadmill run RC_2019-04.zst';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function prepare(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'bin'), { recursive: true });
  await generateArchive(
    { kind: 'comments', era: '2019-04', bytes: 450_000_000, seed: 7, dirty: true, dirtyEvery: 4000 },
    path.join(folder, 'RC_2019-04.zst'),
  );
  // exec: the process that is killed is threadmill itself
  const script = `#!/bin/sh\necho $$ > '${folder}/pid'\nexec '${process.execPath}' '${root}/src/client.ts' "$@"\n`;
  writeFileSync(path.join(folder, 'bin/threadmill'), script);
  chmodSync(path.join(folder, 'bin/threadmill'), 0o755);
  writeFileSync(path.join(folder, 'rc'), "PS1='$ '\nbind 'set enable-bracketed-paste off'\nclear\n");
}

async function type(shell: TerminalProgram, text: string): Promise<void> {
  for (const key of text) {
    shell.press(key);
    await sleep(keyMs);
  }
  await sleep(400);
  shell.press('\n');
}

/** What the screen showed, whenever it had changed. */
async function record(shell: TerminalProgram, until: Promise<void>): Promise<readonly Frame[]> {
  const frames: { lines: readonly (readonly StyledRun[])[]; ms: number }[] = [];
  const state = { over: false };
  void until.finally(() => (state.over = true));
  let last = '';
  while (!state.over) {
    const lines = await shell.screen.styledScreen();
    const text = JSON.stringify(lines);
    const latest = frames.at(-1);
    if (text === last && latest !== undefined) latest.ms += frameMs;
    else frames.push({ lines, ms: frameMs });
    last = text;
    await sleep(frameMs);
  }
  await until;
  return frames.map((frame, at) =>
    at === frames.length - 1 ? frame : { ...frame, ms: Math.min(frame.ms, stillMsMax) },
  );
}

async function play(shell: TerminalProgram): Promise<void> {
  await shell.shows('a prompt', (lines) => lines.at(-1)?.startsWith('$') === true);
  await sleep(400);
  await type(shell, command);
  await shell.shows('half of it', (lines) => lines.some((line) => /━ *.* (3[0-9]|4[0-9])\.\d %/.test(line)));
  process.kill(Number(readFileSync(path.join(folder, 'pid'), 'utf8')), 'SIGKILL');
  await shell.shows('that it was killed', (lines) => lines.some((line) => line.includes('Killed')));
  await sleep(1200);
  await type(shell, command);
  await shell.shows(
    'the end',
    (lines) => lines.some((line) => line.includes('retries')) && lines.at(-1)?.trimEnd() === '$',
  );
  await sleep(5000);
}

await prepare();
const shell = new TerminalProgram(['--rcfile', path.join(folder, 'rc'), '-i'], {
  folder,
  columns,
  rows,
  command: ['bash'],
  env: {
    PATH: `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    TEMPORAL_CLI: await findTemporal(),
    // of a monthly dump some are done when it is killed; this archive is smaller
    THREADMILL_PART_MIB: '16',
  },
});
try {
  const frames = await record(shell, play(shell));
  const file = path.join(root, 'docs/images/terminal.svg');
  const svg = animatedSvg(frames, { columns, rows });
  writeFileSync(file, svg);
  process.stdout.write(
    `${file}  ${String(frames.length)} frames, ${String(Math.round(svg.length / 1000))} KB\n`,
  );
} finally {
  shell.press('\u0004');
  await shell.ended;
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}
