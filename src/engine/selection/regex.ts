/** `--regex`: RE2, whose time grows with the text alone, so that no pattern can hang a job. */
import { RE2JS, RE2JSSyntaxException } from 're2js';
import { ThreadmillError } from '../../core/errors.ts';

/** Finds a pattern in bytes. */
export interface RegexTest {
  findsIn(source: Uint8Array, start: number, end: number): boolean;
}

/**
 * Compiles a pattern of RE2: what JavaScript has beyond it (look-around, back-references) would need time without bounds.
 *
 * @throws {ThreadmillError} SETTINGS_INVALID with what is wrong
 */
export function compileRegex(pattern: string): RegexTest {
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw new ThreadmillError(
      'SETTINGS_INVALID',
      `Cannot use --regex ${JSON.stringify(pattern)}: ${error.message}; it is RE2's syntax, which has no look-around and no ` +
        'back-references, and writes (?i) in front where case does not matter',
      { facts: { regex: pattern }, cause: error },
    );
  }
  return {
    findsIn: (source, start, end) => regex.test(source.subarray(start, end)),
  };
}
