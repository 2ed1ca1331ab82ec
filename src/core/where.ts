/** `--where`: a small expression over columns, as in SQL's WHERE. Text in, tree out. Pure. */
import { columnsOf, type ColumnType } from './columns.ts';
import { parseInstant } from './instants.ts';

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';
/** A number; text; true or false. Of a timestamp: milliseconds since 1970. */
export type Literal = number | string | boolean;

export type Where =
  | { readonly type: 'and' | 'or'; readonly terms: readonly Where[] }
  | { readonly type: 'not'; readonly term: Where }
  | { readonly type: 'compare'; readonly column: string; readonly op: Comparison; readonly value: Literal }
  | { readonly type: 'in'; readonly column: string; readonly values: readonly Literal[] }
  | { readonly type: 'null'; readonly column: string };

export type ParsedWhere =
  { readonly ok: true; readonly where: Where } | { readonly ok: false; readonly why: string };

/** Deeper nesting is no expression that a person wrote. */
const depthMax = 50;

interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'sign' | 'end';
  readonly text: string;
  /** Of its first character, from 0. */
  readonly at: number;
}

class Mistake extends Error {}

function mistake(at: number, what: string): Mistake {
  return new Mistake(`${what} at character ${at + 1}`);
}

const tokenForm =
  /\s*(?:([A-Za-z_]\w*)|([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|'((?:[^']|'')*)'|(<=|>=|<>|!=|==|[=<>(),]))/y;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  tokenForm.lastIndex = 0;
  const end = text.trimEnd().length;
  for (let at = 0; at < end; at = tokenForm.lastIndex) {
    tokenForm.lastIndex = at;
    const match = tokenForm.exec(text);
    if (match === null) throw strangeCharacter(text, end - text.slice(at, end).trimStart().length);
    const [whole, word, number, string, sign] = match;
    const start = at + whole.length - whole.trimStart().length;
    if (word !== undefined) tokens.push({ kind: 'word', text: word, at: start });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at: start });
    else if (string !== undefined)
      tokens.push({ kind: 'text', text: string.replaceAll("''", "'"), at: start });
    else tokens.push({ kind: 'sign', text: sign ?? '', at: start });
  }
  return [...tokens, { kind: 'end', text: '', at: end }];
}

function strangeCharacter(text: string, at: number): Mistake {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (character === '"') return mistake(at, 'text stands in single quotes, not in double ones,');
  if (character === "'") return mistake(at, 'text without its closing quote');
  return mistake(at, `unexpected ${JSON.stringify(character)}`);
}

const signs: Readonly<Record<string, Comparison>> = {
  '=': '=', '==': '=', '<>': '<>', '!=': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=',
}; // prettier-ignore

/** Every column of either kind by its name; where both have it, it has one type. */
const types: ReadonlyMap<string, ColumnType> = new Map(
  [...columnsOf('comments', { keepRaw: false }), ...columnsOf('submissions', { keepRaw: false })].map(
    ({ name, type }) => [name, type] as const,
  ),
);

class WhereParser {
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(text: string) {
    this.tokens = tokensOf(text);
  }

  whole(): Where {
    const where = this.any();
    const rest = this.peek();
    if (rest.kind !== 'end') throw mistake(rest.at, `unexpected ${shown(rest)}`);
    return where;
  }

  private any(): Where {
    if (++this.depth > depthMax) throw mistake(this.peek().at, `more than ${depthMax} levels of nesting`);
    const terms = [this.all()];
    while (this.takeWord('or')) terms.push(this.all());
    this.depth--;
    return terms.length === 1 ? (terms[0] as Where) : { type: 'or', terms };
  }

  private all(): Where {
    const terms = [this.term()];
    while (this.takeWord('and')) terms.push(this.term());
    return terms.length === 1 ? (terms[0] as Where) : { type: 'and', terms };
  }

  private term(): Where {
    let negated = false;
    while (this.takeWord('not')) negated = !negated;
    let term: Where;
    if (this.takeSign('(')) {
      term = this.any();
      this.expectSign(')');
    } else term = this.test();
    return negated ? { type: 'not', term } : term;
  }

  private test(): Where {
    const token = this.take();
    const { at, text } = token;
    if (token.kind !== 'word') throw mistake(at, `expected a column, not ${shown(token)},`);
    const column = text.toLowerCase();
    const type = types.get(column);
    if (type === undefined) throw mistake(at, `no column is named ${JSON.stringify(text)}, which stands`);
    if (this.takeWord('is')) {
      const negated = this.takeWord('not');
      const word = this.take();
      if (!isWord(word, 'null')) throw mistake(word.at, `expected null, not ${shown(word)},`);
      return negated ? { type: 'not', term: { type: 'null', column } } : { type: 'null', column };
    }
    const negated = this.takeWord('not');
    if (this.takeWord('in')) {
      const list: Where = { type: 'in', column, values: this.list(column, type) };
      return negated ? { type: 'not', term: list } : list;
    }
    if (negated) throw mistake(this.peek().at, `expected in, not ${shown(this.peek())},`);
    const sign = this.peek();
    const op = sign.kind === 'sign' ? signs[sign.text] : undefined;
    if (op === undefined) {
      if (type === 'boolean') return { type: 'compare', column, op: '=', value: true };
      throw mistake(sign.at, `expected =, <>, <, <=, >, >=, in or is behind ${column}, not ${shown(sign)},`);
    }
    this.next++;
    if (type === 'boolean' && op !== '=' && op !== '<>')
      throw mistake(sign.at, `${column} is true or false and has no order: ${op} stands`);
    return { type: 'compare', column, op, value: this.literal(column, type) };
  }

  private list(column: string, type: ColumnType): readonly Literal[] {
    this.expectSign('(');
    const values = [this.literal(column, type)];
    while (this.takeSign(',')) values.push(this.literal(column, type));
    this.expectSign(')');
    return values;
  }

  private literal(column: string, type: ColumnType): Literal {
    const token = this.take();
    const { kind, text, at } = token;
    const wrong = (wanted: string): Mistake =>
      mistake(at, `${column} compares with ${wanted}, not with ${shown(token)},`);
    switch (type) {
      case 'string':
        if (kind !== 'text') throw wrong("text in single quotes, such as 'word'");
        return text;
      case 'int32':
      case 'double':
        if (kind !== 'number') throw wrong('a number');
        return Number(text);
      case 'boolean':
        if (isWord(token, 'true')) return true;
        if (isWord(token, 'false')) return false;
        throw wrong('true or false');
      case 'timestamp': {
        const seconds = kind === 'text' || kind === 'number' ? parseInstant(text) : null;
        if (seconds === null) throw wrong("a date such as '2019-04-01', or seconds since 1970");
        return seconds * 1000;
      }
    }
  }

  private peek(): Token {
    return this.tokens[this.next] as Token;
  }

  private take(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.next++;
    return token;
  }

  private takeWord(word: string): boolean {
    if (!isWord(this.peek(), word)) return false;
    this.next++;
    return true;
  }

  private takeSign(sign: string): boolean {
    const token = this.peek();
    if (token.kind !== 'sign' || token.text !== sign) return false;
    this.next++;
    return true;
  }

  private expectSign(sign: string): void {
    const token = this.peek();
    if (!this.takeSign(sign)) throw mistake(token.at, `expected ${sign}, not ${shown(token)},`);
  }
}

function isWord({ kind, text }: Token, word: string): boolean {
  return kind === 'word' && text.toLowerCase() === word;
}

function shown({ kind, text }: Token): string {
  return kind === 'end' ? 'its end' : JSON.stringify(text);
}

/**
 * Reads an expression: comparisons of a column with a value (`score >= 10`, `author = 'spez'`), `in (…)`, `is [not] null`, a
 * boolean column by itself, joined by `and`, `or`, `not` and parentheses. Words and columns in any case. What is wrong is a
 * value, with its place: characters count from 1.
 */
export function parseWhere(text: string): ParsedWhere {
  try {
    return { ok: true, where: new WhereParser(text).whole() };
  } catch (error) {
    if (error instanceof Mistake) return { ok: false, why: error.message };
    throw error;
  }
}

/** The columns that an expression looks at, each once. */
export function columnsIn(where: Where): readonly string[] {
  const found = new Set<string>();
  const visit = (each: Where): void => {
    if ('terms' in each) each.terms.forEach(visit);
    else if ('term' in each) visit(each.term);
    else found.add(each.column);
  };
  visit(where);
  return [...found];
}
