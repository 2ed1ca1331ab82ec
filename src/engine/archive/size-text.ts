const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A size for error messages: `512 bytes`, `2.0 GiB`. Binary units, as windows and memory have. */
export function sizeText(bytes: number): string {
  let unit = 0;
  let size = bytes;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit] ?? ''}`;
}
