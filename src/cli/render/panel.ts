/** Pieces that views on a terminal are made of: bars, cells in columns, text cut to a width. Pure. */
import stringWidth from 'string-width';

/** What a bar is drawn with. */
export interface Glyphs {
  readonly full: string;
  /** Half a cell more than the full ones. */
  readonly half: string;
  readonly empty: string;
  readonly cut: string;
}

export const unicodeGlyphs: Glyphs = { full: '━', half: '╸', empty: '─', cut: '…' };
/** For terminals whose font has no more, like the Linux console. */
export const asciiGlyphs: Glyphs = { full: '#', half: '#', empty: '.', cut: '~' };

/** The two halves of a bar of `width` cells, so that they can be painted apart; `share` is 0–1. */
export function barOf(share: number, width: number, glyphs: Glyphs): { done: string; rest: string } {
  const halves = Math.floor(Math.max(0, Math.min(1, share)) * width * 2);
  const full = Math.floor(halves / 2);
  const done = glyphs.full.repeat(full) + (halves % 2 === 1 ? glyphs.half : '');
  return { done, rest: glyphs.empty.repeat(width - full - (halves % 2)) };
}

const graphemes = new Intl.Segmenter();

/** Text of at most `width` columns, from its end where it does not fit: of a path that is the telling part. */
export function fitEnd(text: string, width: number, glyphs: Glyphs): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of [...graphemes.segment(text)].reverse()) {
    if (stringWidth(segment + kept) > width - 1) break;
    kept = segment + kept;
  }
  return width < 1 ? '' : glyphs.cut + kept;
}

/** Text of at most `width` columns, from its beginning. */
export function fitStart(text: string, width: number, glyphs: Glyphs): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (stringWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return width < 1 ? '' : kept + glyphs.cut;
}

/** A name as a terminal may be given it: no control characters, which could be orders to it. */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?');
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

export interface LabelledRow {
  readonly label: string;
  readonly cells: readonly string[];
}

const gap = 2;

/** How many cells fit side by side, each as wide as the widest of its column. */
function columnsThatFit(rows: readonly LabelledRow[], room: number): readonly number[] {
  const most = Math.max(1, ...rows.map(({ cells }) => cells.length));
  for (let count = most; count > 1; count--) {
    const widths = Array.from({ length: count }, (_, column) =>
      Math.max(
        0,
        ...rows.flatMap(({ cells }) =>
          cells.filter((_cell, at) => at % count === column).map((cell) => stringWidth(cell)),
        ),
      ),
    );
    if (widths.reduce((sum, width) => sum + width + gap, -gap) <= room) return widths;
  }
  return [0];
}

/**
 * Rows of cells under each other in columns, each behind its label. Where the width does not hold a row, it goes on in
 * the next line: nothing is left out.
 *
 * @param room columns that a line may fill
 */
export function labelledRows(rows: readonly LabelledRow[], room: number): readonly string[] {
  const label = Math.max(...rows.map((row) => stringWidth(row.label))) + gap;
  const widths = columnsThatFit(rows, room - label);
  const lines: string[] = [];
  for (const row of rows) {
    for (let from = 0; from < row.cells.length; from += widths.length) {
      const cells = row.cells.slice(from, from + widths.length);
      const text = cells.map((cell, at) => padded(cell, widths[at] ?? 0)).join(' '.repeat(gap));
      lines.push((padded(from === 0 ? row.label : '', label) + text).trimEnd());
    }
  }
  return lines;
}
