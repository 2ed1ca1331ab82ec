/** A `--where` expression on rows: SQL's three truth values, so that a null is neither equal to anything nor unequal. */
import { columnsOf, type ArchiveKind } from '../../core/columns.ts';
import { assertNever } from '../../core/errors.ts';
import type { Comparison, Literal, Where } from '../../core/where.ts';
import type { FieldTable } from '../mill/fields.ts';
import { valueReader, type ValueReader } from './value-probe.ts';

/** True, false, or unknown (null). */
type Truth = 1 | 0 | null;
type Test = (fields: FieldTable) => Truth;

/** The columns of a kind that an expression may look at are those of its table, whether they are written or not. */
export function whereTest(
  where: Where,
  kind: ArchiveKind,
  fields: FieldTable,
): (table: FieldTable) => boolean {
  const test = testOf(where, (name) => readerOf(name, kind, fields));
  return (table) => test(table) === 1;
}

function readerOf(name: string, kind: ArchiveKind, fields: FieldTable): ValueReader {
  const column = columnsOf(kind, { keepRaw: false }).find((each) => each.name === name);
  if (column === undefined) throw new TypeError(`${kind} have no column ${name}`);
  return valueReader(column, fields);
}

function testOf(where: Where, reader: (column: string) => ValueReader): Test {
  switch (where.type) {
    case 'and': {
      const terms = where.terms.map((term) => testOf(term, reader));
      return (fields) => allOf(terms, fields);
    }
    case 'or': {
      const terms = where.terms.map((term) => not(testOf(term, reader)));
      return not((fields) => allOf(terms, fields));
    }
    case 'not':
      return not(testOf(where.term, reader));
    case 'null': {
      const read = reader(where.column);
      return (fields) => (read(fields).isNull ? 1 : 0);
    }
    case 'compare':
      return compare(reader(where.column), where.op, where.value);
    case 'in': {
      const tests = where.values.map((value) => not(compare(reader(where.column), '=', value)));
      return not((fields) => allOf(tests, fields));
    }
    default:
      return assertNever(where);
  }
}

function allOf(terms: readonly Test[], fields: FieldTable): Truth {
  let truth: Truth = 1;
  for (const term of terms) {
    const each = term(fields);
    if (each === 0) return 0;
    if (each === null) truth = null;
  }
  return truth;
}

function not(test: Test): Test {
  return (fields) => {
    const truth = test(fields);
    return truth === null ? null : truth === 1 ? 0 : 1;
  };
}

function compare(read: ValueReader, op: Comparison, value: Literal): Test {
  const holds = holdsFor(op);
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'utf8');
    return (fields) => {
      const { isNull, source, start, end } = read(fields);
      if (isNull) return null;
      return holds(Buffer.compare(source.subarray(start, end), bytes)) ? 1 : 0;
    };
  }
  const number = Number(value);
  return (fields) => {
    const found = read(fields);
    if (found.isNull) return null;
    return holds(found.number < number ? -1 : found.number > number ? 1 : 0) ? 1 : 0;
  };
}

/** Text is in the order of its UTF-8 bytes. */
function holdsFor(op: Comparison): (order: number) => boolean {
  switch (op) {
    case '=':
      return (order) => order === 0;
    case '<>':
      return (order) => order !== 0;
    case '<':
      return (order) => order < 0;
    case '<=':
      return (order) => order <= 0;
    case '>':
      return (order) => order > 0;
    case '>=':
      return (order) => order >= 0;
    default:
      return assertNever(op);
  }
}
