/** Numbers as people read them. Pure; the same in every locale. */

/** `1234567` → `1,234,567`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A count with its noun, plural by -s. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

const sizes = ['B', 'KB', 'MB', 'GB', 'TB'];

/** Bytes in decimal units, three figures: `1.23 GB`. */
export function bytes(value: number): string {
  let unit = 0;
  let size = value;
  while (size >= 999.5 && unit < sizes.length - 1) {
    size /= 1000;
    unit++;
  }
  const digits = unit === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${size.toFixed(digits)} ${sizes[unit] ?? ''}`;
}

/** Seconds as the two largest units: `45s`, `3m 20s`, `2h 05m`, `3d 04h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${String(whole)}s`;
  if (whole < 3600) return `${String(Math.floor(whole / 60))}m ${two(whole % 60)}s`;
  if (whole < 86_400) return `${String(Math.floor(whole / 3600))}h ${two(Math.floor((whole % 3600) / 60))}m`;
  return `${String(Math.floor(whole / 86_400))}d ${two(Math.floor((whole % 86_400) / 3600))}h`;
}

/** Seconds with a digit below ten: `4.2s`. */
export function seconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)}s` : duration(value);
}

/** `part` of `whole` as a percentage; something never reads as 0 %, nor less than all as 100 %. */
export function percentage(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const share = (part / whole) * 100;
  if (part > 0 && share < 0.01) return '<0.01 %';
  if (part < whole && share > 99.99) return '>99.99 %';
  const digits = share < 1 && share > 0 ? 2 : 1;
  return `${share.toFixed(digits).replace(/\.0$/, '')} %`;
}
