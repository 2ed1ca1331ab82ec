import { nextMonth, startSeconds, type Kind, type Month } from './months.ts';
import type { Random } from './random.ts';

/** Gives each record its id and time: both rise, save where a gap was filled later. */
export interface Clock {
  /** Goes to a month; the id never goes back. */
  enter(month: Month): void;
  /** Moves on. `progress` is how much of the month is over, 0 to 1. Afterwards `id` and `seconds` are the record's. */
  tick(progress: number): void;
  readonly id: string;
  readonly seconds: number;
}

/** The first ids of the years from 2005 to 2026: near the real ones, so that ids look like their time. */
const firstIds: Readonly<Record<Kind, readonly string[]>> = {
  comments: [
    'c1',
    'c2000',
    'c1f00a',
    'c02s000',
    'c06c000',
    'c0ic000',
    'c17000a',
    'c3d0000',
    'c7n0000',
    'ce40000',
    'cnbs000',
    'cyi0000',
    'dbx0000',
    'ds20000',
    'ecx0000',
    'fcv0000',
    'ghl0000',
    'hqn0000',
    'j2l0000',
    'kfx0000',
    'm4x0000',
    'nx00000',
  ],
  submissions: [
    '1',
    '2500',
    'wjl0',
    '64400',
    '7n000',
    'akh00',
    'eu000',
    'nyk00',
    '15rd00',
    '1u4s00',
    '2qyk00',
    '3yyx00',
    '5l9a00',
    '7n9y00',
    'abdv00',
    'eic300',
    'ko4a00',
    'rt0z00',
    '100aa00',
    '18vkd00',
    '1hqz000',
    '1q10000',
  ],
};

/** The first id of a month as a number. */
export function firstId(kind: Kind, month: Month): number {
  const year = Number(month.slice(0, 4)) - 2005;
  const start = Number.parseInt(firstIds[kind][year] ?? '1', 36);
  const end = Number.parseInt(firstIds[kind][year + 1] ?? '1', 36);
  return Math.floor(start + ((end - start) * (Number(month.slice(5)) - 1)) / 12);
}

const pairs = Array.from({ length: 1296 }, (_, n) => n.toString(36).padStart(2, '0'));

/** A writer of rising numbers in base 36, which keeps the leading digits from call to call. */
export function createBase36(): (value: number) => string {
  let head = -1;
  let headText = '';
  return (value) => {
    const high = Math.floor(value / 1_679_616);
    if (high !== head) {
      head = high;
      headText = high.toString(36);
    }
    if (high === 0) return value.toString(36);
    const low = value - high * 1_679_616;
    const tail = Math.floor(low / 1296);
    return headText + pairs[tail]! + pairs[low - tail * 1296]!; // both are below 1296 = 36²
  };
}

/**
 * A clock of one archive. Ordinary ids are even; every 20,000 records or so a run of up to 200 goes minutes to days back
 * in time with odd ids, so that no id comes twice.
 */
export function createClock(kind: Kind, random: Random): Clock {
  const base36 = createBase36();
  const state = { id: '', seconds: 0 };
  let current = 0;
  let monthStart = 0;
  let monthSeconds = 0;
  let fillLeft = 0;
  let fillId = 1;
  let fillBackSeconds = 0;
  return {
    enter(month) {
      current = Math.max(current, 2 * Math.floor(firstId(kind, month) / 2));
      monthStart = startSeconds(month);
      monthSeconds = startSeconds(nextMonth(month)) - monthStart - 1;
    },
    tick(progress) {
      const now = monthStart + Math.floor(monthSeconds * Math.min(1, progress));
      if (fillLeft === 0 && random.uint32() < 0x00034000) {
        fillLeft = 1 + random.below(200);
        fillBackSeconds = Math.floor(120 * 2000 ** random.float());
        fillId = Math.max(fillId, current + 1 - 2 * random.below(4000));
      }
      if (fillLeft > 0 && fillId < current) {
        fillLeft -= 1;
        fillId += 2;
        state.id = base36(fillId);
        state.seconds = Math.max(monthStart, now - fillBackSeconds);
        return;
      }
      current += 2 + 2 * (random.uint32() & 3);
      state.id = base36(current);
      state.seconds = now;
    },
    get id() {
      return state.id;
    },
    get seconds() {
      return state.seconds;
    },
  };
}
