/** A terminal without a window: what its screen shows after what was written to it. */
import xterm from '@xterm/headless';

export interface StyledRun {
  readonly text: string;
  /** Where it begins, from 0. */
  readonly column: number;
  /** Of the terminal's palette; null: the usual one. */
  readonly color: number | null;
  readonly bold: boolean;
  readonly dim: boolean;
}

export class Screen {
  private readonly terminal: InstanceType<typeof xterm.Terminal>;

  constructor(columns: number, rows: number) {
    this.terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  }

  write(text: string): void {
    this.terminal.write(text);
  }

  /** Lines that the old width had broken stand whole again, and those too long now are broken. */
  resize(columns: number, rows: number): void {
    this.terminal.resize(columns, rows);
  }

  /** All lines down to the last that is not empty, those that have scrolled away as well. */
  async lines(): Promise<readonly string[]> {
    await new Promise<void>((resolve) => {
      this.terminal.write('', resolve);
    });
    const buffer = this.terminal.buffer.active;
    const lines = Array.from(
      { length: buffer.length },
      (_, row) => buffer.getLine(row)?.translateToString(true) ?? '',
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** What can be seen, row by row: stretches of text of one look. Spaces at a row's end are left out. */
  async styledScreen(): Promise<readonly (readonly StyledRun[])[]> {
    await this.lines();
    const { active } = this.terminal.buffer;
    return Array.from({ length: this.terminal.rows }, (_, row) => {
      const line = active.getLine(active.baseY + row);
      const runs: StyledRun[] = [];
      const length = line?.translateToString(true).length ?? 0;
      for (let column = 0; column < length; column++) {
        const cell = line?.getCell(column);
        if (cell === undefined) break;
        const look = {
          color: cell.isFgDefault() ? null : cell.getFgColor(),
          bold: cell.isBold() !== 0,
          dim: cell.isDim() !== 0,
        };
        const last = runs.at(-1);
        const text = cell.getChars() === '' ? ' ' : cell.getChars();
        if (
          last !== undefined &&
          last.color === look.color &&
          last.bold === look.bold &&
          last.dim === look.dim
        )
          runs[runs.length - 1] = { ...last, text: last.text + text };
        else runs.push({ text, column, ...look });
      }
      return runs;
    });
  }

  /** From 0, on the screen. */
  get cursor(): { readonly x: number; readonly y: number } {
    const { cursorX, cursorY } = this.terminal.buffer.active;
    return { x: cursorX, y: cursorY };
  }
}
