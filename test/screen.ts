/** A terminal without a window: what its screen shows after what was written to it. */
import xterm from '@xterm/headless';

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

  /** From 0, on the screen. */
  get cursor(): { readonly x: number; readonly y: number } {
    const { cursorX, cursorY } = this.terminal.buffer.active;
    return { x: cursorX, y: cursorY };
  }
}
