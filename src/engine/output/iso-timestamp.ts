const dayMs = 86_400_000;

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

/**
 * `2005-12-12T05:26:28Z` of a whole number of ms since 1970 UTC; with `.sss` where the ms are not 0. Years outside
 * 0–9999 take a sign and at least six digits, as in ECMAScript's format; unlike `Date` there is no outer bound.
 * @see https://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
export function isoTimestamp(ms: number): string {
  const days = Math.floor(ms / dayMs);
  const msOfDay = ms - days * dayMs;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // months counted from March, so that the leap day comes last
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const seconds = Math.floor(msOfDay / 1000);
  const fraction = msOfDay % 1000 === 0 ? '' : `.${pad(msOfDay % 1000, 3)}`;
  const yearText =
    year >= 0 && year <= 9999 ? pad(year, 4) : `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 6)}`;
  const clock = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  return `${yearText}-${pad(month, 2)}-${pad(day, 2)}T${clock}${fraction}Z`;
}
