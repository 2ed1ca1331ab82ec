import type { ByteIndex } from './byte-index.ts';

/** The numbers of values in their order: a missing one (group 1) first, then by their bytes. */
export function valuesInOrder(values: ByteIndex): readonly number[] {
  const numbers = Array.from({ length: values.count }, (_, value) => value);
  return numbers.sort((a, b) => values.group(b) - values.group(a) || values.compare(a, b));
}
