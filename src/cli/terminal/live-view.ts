/**
 * A few lines at the end of a terminal that are drawn over and over, with talk going by above them.
 *
 * Own cursor moves, because the libraries for it (log-update) count the rows of the last frame at its old width: a
 * terminal that is made narrower wraps what stands there, and leaves rows of every frame behind.
 */
import stringWidth from 'string-width';
import type { TextStream } from '../context.ts';

export interface ViewSize {
  /** A line must be narrower than this: a full last column wraps. */
  readonly columns: number;
  readonly rows: number;
}

export interface LiveView {
  /** Draws what `compose` gives now. */
  refresh(): void;
  /** A line of talk that stays, above the view. */
  say(text: string): void;
  /** Leaves what is drawn where it is, since somebody else has written below it; the next draw begins anew. */
  leave(): void;
  /** Takes the view away; may be called again. */
  end(): void;
}

/** Where they are not known: some terminals say 0. */
const columnsDefault = 80;
const rowsDefault = 24;

const up = (rows: number): string => (rows === 0 ? '\r' : `\r\u001b[${String(rows)}A`);
const clearRight = '\u001b[K';
const clearBelow = '\u001b[J';
/** Shown at once by terminals that know it (DEC mode 2026), ignored by the others. */
const atOnce = (text: string): string => `\u001b[?2026h${text}\u001b[?2026l`;

/** Rows that lines take at this width: a terminal wraps what was drawn when it was wider. */
function rowsOf(widths: readonly number[], columns: number): number {
  return widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
}

/**
 * A view on a terminal. `compose` gives its lines for the size of the moment; it is asked again when the size changes.
 * The cursor stays visible, at the start of the line below: a process that is killed leaves nothing to mend.
 */
export function createLiveView(stream: TextStream, compose: (size: ViewSize) => readonly string[]): LiveView {
  let drawn: readonly number[] = [];
  let ended = false;

  const size = (): ViewSize => ({
    columns: stream.columns || columnsDefault,
    rows: stream.rows || rowsDefault,
  });

  /** Back to the first row of what is drawn, `above` in its place, and the lines below it. */
  function redraw(above: string, compact: readonly string[]): void {
    const { columns, rows } = size();
    // more than the screen holds would scroll away, out of reach
    const lines = compact.slice(0, Math.max(1, rows - 1));
    const text = [...(above === '' ? [] : above.split('\n')), ...lines]
      .map((line) => `${line}${clearRight}\n`)
      .join('');
    stream.write(atOnce(up(rowsOf(drawn, columns)) + text + clearBelow));
    drawn = lines.map((line) => stringWidth(line));
  }

  function refresh(): void {
    if (!ended) redraw('', compose(size()));
  }

  stream.on?.('resize', refresh);
  return {
    refresh,
    say(text) {
      if (ended || drawn.length === 0) stream.write(`${text}\n`);
      else redraw(text, compose(size()));
    },
    leave() {
      drawn = [];
    },
    end() {
      if (ended) return;
      ended = true;
      stream.off?.('resize', refresh);
      if (drawn.length > 0) stream.write(atOnce(up(rowsOf(drawn, size().columns)) + clearBelow));
      drawn = [];
    },
  };
}
