/** "Did you mean": the known name nearest to a wrong one. */
import { closest } from 'fastest-levenshtein';

/** The nearest of `known` by edits, whatever the case; `known` must not be empty. */
export function nearestName(name: string, known: readonly string[]): string {
  const lower = new Map(known.map((each) => [each.toLowerCase(), each]));
  const found = closest(name.toLowerCase(), [...lower.keys()]);
  return lower.get(found) ?? found;
}
