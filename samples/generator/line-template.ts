import { escapeSlashes, type Escapes } from './json-bytes.ts';
import { weightedTable, type Random } from './random.ts';
import type { Month } from './months.ts';

/**
 * One field of a dump: its key, its JSON with `{slot}` where a value changes from line to line (or weighted alternatives
 * to choose from), and the months it is found in, both inclusive. `?key` is a field that not every line has: its JSON is
 * one slot whose value begins with the comma and the key, or is empty.
 */
export type Field = readonly [
  key: string,
  json: string | readonly (readonly [json: string, weight: number])[],
  from?: Month,
  until?: Month,
];

/** Fixed text with values between: `parts[0] values[slots[0]] parts[1] …`. */
export interface LineTemplate {
  readonly parts: readonly string[];
  readonly slots: readonly number[];
  readonly picks: readonly { readonly slot: number; readonly table: readonly string[] }[];
}

/** What a template needs to be made: which fields, in which order, and where the values of named slots lie. */
export interface TemplateOptions<Slot extends string> {
  readonly fields: readonly Field[];
  readonly slotNames: readonly Slot[];
  readonly escapes: Escapes;
  /** The keys are put in random order; sorted where absent. */
  readonly shuffle?: Random;
}

/** Numbers of named slots: the places of their values in the array given to {@link renderLine}. */
export function slotNumbers<Slot extends string>(names: readonly Slot[]): Readonly<Record<Slot, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Slot, number>;
}

/** The fields found in a month. */
export function fieldsOf(fields: readonly Field[], month: Month): readonly Field[] {
  return fields.filter(([, , from = '2000-01', until = '2099-12']) => from <= month && month <= until);
}

/** A template of one line without its newline. */
export function compileTemplate<Slot extends string>(options: TemplateOptions<Slot>): LineTemplate {
  const numbers: Readonly<Record<string, number>> = slotNumbers(options.slotNames);
  const picks: { slot: number; table: readonly string[] }[] = [];
  const parts: string[] = [];
  const slots: number[] = [];
  let fixed = '{';
  const slot = (number: number): void => {
    parts.push(fixed);
    slots.push(number);
    fixed = '';
  };
  for (const [index, [key, json]] of ordered(options).entries()) {
    if (!key.startsWith('?')) fixed += `${index === 0 ? '' : ','}"${key}":`;
    if (typeof json !== 'string') {
      const number = options.slotNames.length + picks.length;
      picks.push({
        slot: number,
        table: weightedTable(json.map(([text, weight]) => [escapeSlashes(text, options.escapes), weight])),
      });
      slot(number);
      continue;
    }
    for (const [at, piece] of json.split(/\{(\w+)\}/).entries()) {
      if (at % 2 === 0) fixed += escapeSlashes(piece, options.escapes);
      else slot(numberOf(numbers, piece, key));
    }
  }
  parts.push(fixed + '}');
  return { parts, slots, picks };
}

function numberOf(numbers: Readonly<Record<string, number>>, name: string, key: string): number {
  const number = numbers[name];
  if (number === undefined) throw new Error(`Field "${key}" names an unknown slot {${name}}.`);
  return number;
}

function ordered({ fields, shuffle }: { fields: readonly Field[]; shuffle?: Random }): readonly Field[] {
  const bare = (field: Field): string => field[0].replace('?', '');
  const sorted = [...fields].sort((a, b) => (bare(a) < bare(b) ? -1 : 1));
  if (shuffle === undefined) return sorted;
  const keyed = sorted.map((field) => ({ field, at: shuffle.float() })).sort((a, b) => a.at - b.at);
  const order = keyed.map(({ field }) => field);
  // An optional field brings its comma in front, so it can't be the first.
  const first = order.findIndex(([key]) => !key.startsWith('?'));
  return [...order.slice(first), ...order.slice(0, first)];
}

/** The line as a byte string. Fills the template's picks into `values`, which must hold every named slot it uses. */
export function renderLine(template: LineTemplate, values: string[], random: Random): string {
  const { parts, slots, picks } = template;
  for (let i = 0; i < picks.length; i++) {
    const pick = picks[i]!; // i is below the length; no copy of the array on this path
    values[pick.slot] = pick.table[random.uint32() >>> 24]!; // tables have 256 entries
  }
  let line = parts[0]!; // there is one part more than slots
  for (let i = 0; i < slots.length; i++) line += values[slots[i]!]! + parts[i + 1]!;
  return line;
}
