/** Text as HTML: whatever an archive holds comes out as text. Pure. */

/** HTML that may be put into HTML. */
export class Html {
  readonly text: string;

  /** `text` is taken as it is: for HTML that was made, not for what was read. */
  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Html | string | number | null | readonly (Html | string | number | null)[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(piece: Piece): string {
  if (piece === null) return '';
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'string') return piece.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
  return typeof piece === 'number' ? String(piece) : piece.map(escaped).join('');
}

/** A template of HTML: what is put in is escaped, unless it is {@link Html} itself; null is nothing. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(strings.reduce((text, string, at) => text + escaped(pieces[at - 1] ?? null) + string));
}
