/** Points of time as people write them: a date, a date with a time, or seconds since 1970. */

const secondsMax = 253_402_300_799; // the end of the year 9999: more are milliseconds
const form = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?\s*(Z|[+-]\d\d:?\d\d)?)?)?)?$/i;

/**
 * Whole seconds since 1970 of `2019`, `2019-04`, `2019-04-01`, `2019-04-01T12:00[:00][Z|+02:00]` (its first moment; UTC
 * where no zone is given) or of a whole number of seconds; null for anything else, such as 2019-02-30 or milliseconds. Four
 * digits are a year.
 */
export function parseInstant(text: string): number | null {
  const given = text.trim();
  const match = form.exec(given);
  if (match === null) {
    const seconds = /^-?\d{1,12}$/.test(given) ? Number(given) : NaN;
    return Math.abs(seconds) <= secondsMax ? seconds : null;
  }
  const number = (group: number, otherwise: number): number => Number(match[group] ?? otherwise);
  const [year, month, day] = [number(1, 0), number(2, 1), number(3, 1)];
  const [hour, minute, second] = [number(4, 0), number(5, 0), number(6, 0)];
  const moment = new Date(0);
  moment.setUTCFullYear(year, month - 1, day);
  moment.setUTCHours(hour, minute, second);
  const real =
    moment.getUTCFullYear() === year &&
    moment.getUTCMonth() === month - 1 &&
    moment.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  return real ? moment.getTime() / 1000 - zoneSeconds(match[7] ?? 'Z') : null;
}

function zoneSeconds(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -60 : 60) * minutes;
}
