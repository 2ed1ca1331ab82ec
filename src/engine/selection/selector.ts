/** Whether a line is selected: the tests of a plan on its fields, the cheap ones first. */
import { columnsOf, type ArchiveKind } from '../../core/columns.ts';
import { stringValue, type FieldTable } from '../mill/fields.ts';
import { secondsOf } from '../mill/verdict.ts';
import { KeywordMatcher } from './keyword-matcher.ts';
import { NameLookup, type NameTable } from './name-table.ts';
import { textFields, type SampleShare, type SelectionPlan } from './plan.ts';
import { compileRegex } from './regex.ts';
import { valueReader } from './value-probe.ts';
import { whereTest } from './where-test.ts';

type Test = (fields: FieldTable) => boolean;
type SpanTest = (source: Uint8Array, start: number, end: number) => boolean;

/** The tests of one plan, for one mill thread. */
export class Selector {
  /** Of these, lines of one thread all pass or all fail. */
  private readonly threadTests: readonly Test[];
  private readonly lineTests: readonly Test[];

  constructor(plan: SelectionPlan, kind: ArchiveKind, fields: FieldTable) {
    const names = (field: string, table: NameTable | null): readonly Test[] =>
      table === null ? [] : [nameTest(fields.slot(field), new NameLookup(table))];
    this.threadTests = [
      ...names('subreddit', plan.subreddits),
      ...names(kind === 'comments' ? 'link_id' : 'id', plan.threads),
    ];
    this.lineTests = [
      ...timeTest(plan, fields),
      ...names('author', plan.authors),
      ...(plan.minScore === null ? [] : [scoreTest(plan.minScore, kind, fields)]),
      ...(plan.sample === null ? [] : [sampleTest(plan.sample, fields)]),
      ...(plan.where === null ? [] : [whereTest(plan.where, kind, fields)]),
      ...textTests(plan, kind, fields),
    ];
  }

  /** Whether every test holds of the line in `fields`, whose required ones are there. */
  selects(fields: FieldTable): boolean {
    return this.selectsThread(fields) && all(this.lineTests, fields);
  }

  /** Whether the tests hold that are the same for all lines of a thread. */
  selectsThread(fields: FieldTable): boolean {
    return all(this.threadTests, fields);
  }
}

function all(tests: readonly Test[], fields: FieldTable): boolean {
  for (const test of tests) if (!test(fields)) return false;
  return true;
}

function spanTest(slot: number, test: SpanTest): Test {
  return (fields) =>
    fields.type[slot] === stringValue &&
    test(fields.source[slot] as Uint8Array, fields.start[slot] as number, fields.end[slot] as number);
}

function nameTest(slot: number, lookup: NameLookup): Test {
  return spanTest(slot, (source, start, end) => lookup.has(source, start, end));
}

function timeTest({ after, before }: SelectionPlan, fields: FieldTable): readonly Test[] {
  if (after === null && before === null) return [];
  const slot = fields.slot('created_utc');
  const [from, to] = [after ?? -Infinity, before ?? Infinity];
  return [
    (table) => {
      const seconds = secondsOf(table, slot);
      return seconds >= from && seconds < to;
    },
  ];
}

function scoreTest(minScore: number, kind: ArchiveKind, fields: FieldTable): Test {
  const column = columnsOf(kind, { keepRaw: false, columns: ['score'] })[0];
  if (column === undefined) throw new TypeError(`${kind} have no score`);
  const read = valueReader(column, fields);
  return (table) => {
    const { isNull, number } = read(table);
    return !isNull && number >= minScore;
  };
}

function textTests(
  { keywords, regex }: SelectionPlan,
  kind: ArchiveKind,
  fields: FieldTable,
): readonly Test[] {
  const slots = textFields(kind).map((name) => fields.slot(name));
  const anywhere = (test: SpanTest): Test => {
    const tests = slots.map((slot) => spanTest(slot, test));
    return (table) => tests.some((each) => each(table));
  };
  const found: Test[] = [];
  if (keywords !== null) {
    const matcher = new KeywordMatcher(keywords);
    found.push(anywhere((source, start, end) => matcher.occursIn(source, start, end)));
  }
  if (regex !== null) {
    const compiled = compileRegex(regex);
    found.push(anywhere((source, start, end) => compiled.findsIn(source, start, end)));
  }
  return found;
}

/** By a hash of the id: whoever has the same line in another archive samples it too. */
function sampleTest({ rate, seed }: SampleShare, fields: FieldTable): Test {
  const limit = rate * 2 ** 32;
  const start = Math.imul(seed ^ 0x811c9dc5, 0x9e3779b1);
  return spanTest(fields.slot('id'), (source, from, to) => {
    let hash = start;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (source[at] as number), 0x01000193);
    // MurmurHash3's last step: ids differ in their last characters only
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0 < limit;
  });
}
