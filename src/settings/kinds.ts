/** The kinds of value that a setting can have: how one is read from text or JSON, and what is allowed in words. */
import { assertNever } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';

export type SettingKind =
  | { readonly type: 'boolean' }
  /** `auto`: the word "auto" (JSON null) is allowed and gives null. */
  | {
      readonly type: 'integer';
      readonly min: number;
      readonly max: number;
      readonly unit?: string;
      readonly auto?: boolean;
    }
  /** 0–1, or a percentage such as `2.5%`. */
  | { readonly type: 'share' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  /** Not empty; `optional`: JSON null gives null. */
  | { readonly type: 'text'; readonly noun: string; readonly optional?: boolean; readonly pattern?: RegExp }
  /** From the environment or `.env` only: a command line is seen by everybody on the machine. Never shown. */
  | { readonly type: 'secret'; readonly noun: string; readonly pattern: RegExp };

export type SettingValue = string | number | boolean | Secret | null;
export type ReadValue = { readonly ok: true; readonly value: SettingValue } | { readonly ok: false };

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

function readChoice(raw: unknown, choices: readonly string[]): ReadValue {
  const word = typeof raw === 'string' ? raw.trim().toLowerCase() : '';
  return choices.includes(word) ? good(word) : bad;
}

function readText(raw: unknown, kind: Extract<SettingKind, { type: 'text' }>): ReadValue {
  if (kind.optional === true && raw === null) return good(null);
  if (typeof raw !== 'string' || raw.trim() === '') return bad;
  const text = raw.trim();
  return kind.pattern === undefined || kind.pattern.test(text) ? good(text) : bad;
}

function readSecret(raw: unknown, { pattern }: Extract<SettingKind, { type: 'secret' }>): ReadValue {
  return typeof raw === 'string' && pattern.test(raw.trim()) ? good(new Secret(raw.trim())) : bad;
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
      return readChoice(raw, kind.choices);
    case 'text':
      return readText(raw, kind);
    case 'secret':
      return readSecret(raw, kind);
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
    default:
      return assertNever(kind);
  }
}
