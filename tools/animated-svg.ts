/** Screens of a terminal as one SVG that shows them in turn, without a script: as a picture in a README must be. */
import type { StyledRun } from '../test/screen.ts';

export interface Frame {
  readonly lines: readonly (readonly StyledRun[])[];
  /** How long it stands. */
  readonly ms: number;
}

const cell = { width: 8.4, height: 18 };
const margin = 14;
const titleBar = 26;

/** Colours that are read on the dark ground: those of the 16 that threadmill uses. */
const palette: Readonly<Record<number, string>> = { 1: '#ff7b72', 2: '#56d364', 3: '#e3b341' };

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function span({ text, column, color, bold, dim }: StyledRun): string {
  const classes = [...(bold ? ['b'] : []), ...(dim ? ['d'] : [])];
  const fill = color === null ? '' : ` fill="${palette[color] ?? '#c9d1d9'}"`;
  const styled = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`;
  // a width that is said: whatever font the reader has, columns stand under each other
  const width = (text.length * cell.width).toFixed(1);
  return `<tspan x="${(column * cell.width).toFixed(1)}" textLength="${width}"${fill}${styled}>${escaped(text)}</tspan>`;
}

function lineOf(runs: readonly StyledRun[], row: number): string {
  if (runs.length === 0) return '';
  return `<text y="${String((row + 1) * cell.height - 5)}">${runs.map(span).join('')}</text>`;
}

/** The animation, which begins anew after its last frame. */
export function animatedSvg(
  frames: readonly Frame[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string {
  const width = Math.round(columns * cell.width + 2 * margin);
  const screen = rows * cell.height;
  const height = screen + titleBar + margin;
  const total = frames.reduce((sum, { ms }) => sum + ms, 0);
  let at = 0;
  const keys = frames.map(({ ms }, index) => {
    const key = `${((at / total) * 100).toFixed(3)}%{transform:translateY(${String(-index * screen)}px)}`;
    at += ms;
    return key;
  });
  // a line that stands in many frames is written once
  const ids = new Map<string, string>();
  const shown = frames.map(({ lines }, index) => {
    const used = lines.map((runs, row) => {
      const text = lineOf(runs, row);
      if (text === '') return '';
      const id = ids.get(text) ?? `l${ids.size.toString(36)}`;
      ids.set(text, id);
      return `<use href="#${id}"/>`;
    });
    return `<g transform="translate(0 ${String(index * screen)})">${used.join('')}</g>`;
  });
  const defs = [...ids].map(([text, id]) => text.replace('<text', `<text id="${id}"`));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" role="img" aria-label="threadmill run is killed half-way, and the same command goes on">`,
    '<style>',
    'text{white-space:pre;fill:#c9d1d9;font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}',
    '.b{font-weight:bold}.d{opacity:.55}',
    `.f{animation:f ${String(total)}ms step-end infinite}`,
    `@keyframes f{${keys.join('')}}`,
    '</style>',
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (color, n) => `<circle cx="${String(18 + n * 18)}" cy="14" r="5.5" fill="${color}"/>`,
    ),
    `<defs>${defs.join('')}</defs>`,
    `<svg x="${String(margin)}" y="${String(titleBar)}" width="${String(width - margin)}" height="${String(screen)}" overflow="hidden"><g class="f">`,
    ...shown,
    '</g></svg>',
    '</svg>',
    '',
  ].join('\n');
}
