/** The kinds of value that a setting can have: how one is read from text or JSON, and what is allowed in words. */
import type { NameFile } from '../contract/selection.ts';
import { assertNever } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { parseInstant } from '../core/instants.ts';

export type SettingKind =
  | { readonly type: 'boolean' }
  /** `auto`: the word "auto" (JSON null) is allowed and gives null. */
  | {
      readonly type: 'integer';
      readonly min: number;
      readonly max: number;
      readonly unit?: string;
      readonly auto?: boolean;
      /** JSON null is allowed: there is none. */
      readonly optional?: boolean;
    }
  /** 0–1, or a percentage such as `2.5%`. */
  | { readonly type: 'share' }
  /** `optional`: JSON null gives null. */
  | { readonly type: 'choice'; readonly choices: readonly string[]; readonly optional?: boolean }
  /** Not empty; `optional`: JSON null gives null. */
  | {
      readonly type: 'text';
      readonly noun: string;
      readonly optional?: boolean;
      readonly pattern?: RegExp;
      /** What is wrong with a text, in words; null: nothing. */
      readonly problem?: (text: string) => string | null;
    }
  /** Several values; none is null. `item` gives each in its one form, or null; `all` the list in its. */
  | {
      readonly type: 'list';
      /** Plural. */
      readonly noun: string;
      readonly item: (text: string) => string | null;
      readonly all: (items: readonly string[]) => readonly string[];
      /** Of its JSON. */
      readonly bytesMax: number;
      /** What to do with more. */
      readonly wayOut: string;
    }
  /** A point of time; none is null. Gives seconds since 1970. */
  | { readonly type: 'instant' }
  /** A file of names, by its path; none is null. */
  | { readonly type: 'name-file' }
  /** From the environment or `.env` only: a command line is seen by everybody on the machine. Never shown. */
  | { readonly type: 'secret'; readonly noun: string; readonly pattern: RegExp };

export type SettingValue = string | number | boolean | Secret | null | readonly string[] | NameFile;
/** `why`: what is wrong with it, where more can be said than what is allowed. */
export type ReadValue =
  { readonly ok: true; readonly value: SettingValue } | { readonly ok: false; readonly why?: string };

const bad: ReadValue = { ok: false };
const trueWords = new Set(['true', 'yes', 'on', '1']);
const falseWords = new Set(['false', 'no', 'off', '0']);

function good(value: SettingValue): ReadValue {
  return { ok: true, value };
}

function readBoolean(raw: unknown): ReadValue {
  if (typeof raw === 'boolean') return good(raw);
  if (typeof raw !== 'string') return bad;
  const word = raw.trim().toLowerCase();
  if (trueWords.has(word)) return good(true);
  return falseWords.has(word) ? good(false) : bad;
}

function readInteger(raw: unknown, kind: Extract<SettingKind, { type: 'integer' }>): ReadValue {
  if (kind.optional === true && raw === null) return good(null);
  if (
    kind.auto === true &&
    (raw === null || (typeof raw === 'string' && raw.trim().toLowerCase() === 'auto'))
  ) {
    return good(null);
  }
  const value =
    typeof raw === 'number'
      ? raw
      : typeof raw === 'string' && /^\s*[+-]?\d+\s*$/.test(raw)
        ? Number(raw)
        : NaN;
  return Number.isSafeInteger(value) && value >= kind.min && value <= kind.max
    ? good(value === 0 ? 0 : value)
    : bad;
}

function readShare(raw: unknown): ReadValue {
  let value = NaN;
  if (typeof raw === 'number') value = raw;
  if (typeof raw === 'string') {
    const match = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*(%?)\s*$/.exec(raw);
    if (match !== null) value = Number(match[1]) / (match[2] === '%' ? 100 : 1);
  }
  return value >= 0 && value <= 1 ? good(value) : bad;
}

function readChoice(
  raw: unknown,
  { choices, optional = false }: Extract<SettingKind, { type: 'choice' }>,
): ReadValue {
  if (optional && raw === null) return good(null);
  const word = typeof raw === 'string' ? raw.trim().toLowerCase() : '';
  return choices.includes(word) ? good(word) : bad;
}

function readText(raw: unknown, kind: Extract<SettingKind, { type: 'text' }>): ReadValue {
  if (kind.optional === true && raw === null) return good(null);
  if (typeof raw !== 'string' || raw.trim() === '') return bad;
  const text = raw.trim();
  const why = kind.problem?.(text) ?? null;
  if (why !== null) return { ok: false, why };
  return kind.pattern === undefined || kind.pattern.test(text) ? good(text) : bad;
}

function readSecret(raw: unknown, { pattern }: Extract<SettingKind, { type: 'secret' }>): ReadValue {
  return typeof raw === 'string' && pattern.test(raw.trim()) ? good(new Secret(raw.trim())) : bad;
}

/** The items of a text: between commas, or in double quotes where one holds a comma (a quote is then written twice). */
function itemsOf(text: string): readonly string[] | null {
  const items: string[] = [];
  const form = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/y;
  for (;;) {
    const match = form.exec(text);
    if (match === null) return null;
    items.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') return items;
  }
}

function readList(raw: unknown, kind: Extract<SettingKind, { type: 'list' }>): ReadValue {
  if (raw === null) return good(null);
  const given: unknown = typeof raw === 'string' ? itemsOf(raw) : raw;
  if (!Array.isArray(given)) return bad;
  if (given.length === 0) return good(null);
  const items: string[] = [];
  for (const each of given as readonly unknown[]) {
    const item = typeof each === 'string' ? kind.item(each) : null;
    if (item === null) return { ok: false, why: `${JSON.stringify(each).slice(0, 60)} is none` };
    items.push(item);
  }
  const all = kind.all(items);
  if (JSON.stringify(all).length <= kind.bytesMax) return good(all);
  return { ok: false, why: `together they are over ${kind.bytesMax} characters; ${kind.wayOut}` };
}

function readInstant(raw: unknown): ReadValue {
  if (raw === null) return good(null);
  // a number of JSON is seconds; that of a flag may be a year
  const seconds =
    typeof raw === 'number' && Number.isSafeInteger(raw)
      ? raw
      : typeof raw === 'string'
        ? parseInstant(raw)
        : null;
  return seconds === null ? bad : good(seconds);
}

function readNameFile(raw: unknown): ReadValue {
  if (raw === null) return good(null);
  if (typeof raw === 'string') return raw.trim() === '' ? bad : good(raw.trim());
  if (typeof raw !== 'object') return bad;
  const { path, names, sha256 } = raw as Partial<Record<keyof NameFile, unknown>>;
  const read =
    typeof path === 'string' &&
    Number.isSafeInteger(names) &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256);
  return read ? good({ path, names: names as number, sha256 }) : bad;
}

/** Reads a value from an environment variable, a flag or JSON; texts of numbers and booleans are accepted in JSON too. */
export function readSetting(kind: SettingKind, raw: unknown): ReadValue {
  switch (kind.type) {
    case 'boolean':
      return readBoolean(raw);
    case 'integer':
      return readInteger(raw, kind);
    case 'share':
      return readShare(raw);
    case 'choice':
      return readChoice(raw, kind);
    case 'text':
      return readText(raw, kind);
    case 'secret':
      return readSecret(raw, kind);
    case 'list':
      return readList(raw, kind);
    case 'instant':
      return readInstant(raw);
    case 'name-file':
      return readNameFile(raw);
    default:
      return assertNever(kind);
  }
}

/** What is allowed, as the rest of "must be …". */
export function allowedText(kind: SettingKind): string {
  switch (kind.type) {
    case 'boolean':
      return 'true or false (also yes/no, on/off, 1/0)';
    case 'integer': {
      const unit = kind.unit === undefined ? '' : ` of ${kind.unit}`;
      const auto = kind.auto === true ? ', or auto' : '';
      return `a whole number${unit} from ${String(kind.min)} to ${String(kind.max)}${auto}`;
    }
    case 'share':
      return 'a share from 0 to 1, such as 0.01, or a percentage such as 1%';
    case 'choice':
      return `one of ${kind.choices.join(', ')}`;
    case 'text':
    case 'secret':
      return kind.noun;
    case 'list':
      return `${kind.noun}, with commas between them`;
    case 'instant':
      return 'a date such as 2019-04-01 or 2019-04-01T12:00Z, or seconds since 1970';
    case 'name-file':
      return 'the path of a file with one name a line';
    default:
      return assertNever(kind);
  }
}
